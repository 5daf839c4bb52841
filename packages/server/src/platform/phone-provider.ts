import type { SendResult } from "./types.ts";

/** What sends text messages and makes calls for us; implemented in adapters. Never throws, never waits longer than its own time-out. */
export interface PhoneProvider {
	/** `to` as +15550001234. `receiptUrl`: where the provider tells what became of it; undefined: nowhere that it could reach. */
	sendText(text: {
		readonly to: string;
		readonly body: string;
		readonly messageId: string;
		readonly receiptUrl: string | undefined;
	}): Promise<SendResult>;
	/** Speaks `says`; with `keysUrl`, asks for the key that acknowledges and tells it there. */
	call(call: {
		readonly to: string;
		readonly says: string;
		readonly messageId: string;
		readonly keysUrl: string | undefined;
		readonly receiptUrl: string | undefined;
	}): Promise<SendResult>;
}
