/**
 * What the first second of a start does not need: loaded while the telemetry thread reads its history, so that a start
 * takes as long as the longer of the two.
 */
export async function loadRest() {
	const [
		api,
		engagement,
		response,
		calendars,
		causeWatch,
		channelWatch,
		feedKeeping,
		forgetting,
		grpc,
		live,
		pull,
		metrics,
		watch,
		senders,
		watchdog,
		ticketing,
	] = await Promise.all([
		import("#api"),
		import("#engagement"),
		import("#response"),
		import("./calendar-pulls.ts"),
		import("./cause-watch.ts"),
		import("./channel-watch.ts"),
		import("./feed-keeping.ts"),
		import("./forgetting.ts"),
		import("./grpc-port.ts"),
		import("./live-events.ts"),
		import("./pull-control.ts"),
		import("./self-metrics.ts"),
		import("./sender-watch.ts"),
		import("./senders.ts"),
		import("./watchdog/index.ts"),
		import("./ticket-systems.ts"),
	]);
	return {
		api,
		engagement,
		response,
		startCalendarPulls: calendars.startCalendarPulls,
		createCauseWatch: causeWatch.createCauseWatch,
		startChannelWatch: channelWatch.startChannelWatch,
		createFeedKeeping: feedKeeping.createFeedKeeping,
		startForgetting: forgetting.startForgetting,
		openGrpcPort: grpc.openGrpcPort,
		startLiveEvents: live.startLiveEvents,
		startPullControl: pull.startPullControl,
		createSelfMetrics: metrics.createSelfMetrics,
		startSenderWatch: watch.startSenderWatch,
		channelSenders: senders.channelSenders,
		createTicketing: ticketing.createTicketing,
		watchdog,
	};
}
