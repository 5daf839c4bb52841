export {
	ACKNOWLEDGE_KEY,
	acknowledgeByKey,
	type CallAnswer,
} from "./answers.ts";
export {
	type ChannelDay,
	type ChannelState,
	channelDays,
	channelStates,
	FAILING_FOR_LONG_MS,
} from "./channel-states.ts";
export type { ReceiptState } from "./receipt-states.ts";
export { type Receipt, recordReceipt } from "./receipts.ts";
export {
	guardTestPages,
	queueTestPages,
	type TestPageRequest,
	type TestResult,
	testResults,
} from "./test-page.ts";
