import { ManualClock } from "@bellwether/model";
import { describe, expect, it } from "vitest";
import { StreamHub } from "./stream-hub.ts";

const everyone = () => true;

function listener(bufferedBytes = 0) {
	const chunks: string[] = [];
	const state = { isEnded: false };
	return {
		sink: {
			write: (chunk: string) => void chunks.push(chunk),
			end: () => {
				state.isEnded = true;
			},
			bufferedBytes: () => bufferedBytes,
		},
		text: () => chunks.join(""),
		events: () => [...chunks.join("").matchAll(/event: (\w+)\ndata: (.*)/g)].map(([, type, data]) => `${type} ${data}`),
		lastId: () => Number([...chunks.join("").matchAll(/^id: (\d+)$/gm)].at(-1)?.[1]),
		state,
	};
}

describe("the stream hub", () => {
	it("tells a new listener to read everything once, then what happens", () => {
		const hub = new StreamHub(new ManualClock(1000));
		const one = listener();
		hub.subscribe(one.sink, everyone, undefined);
		hub.publish("incident", { id: "INC-1" });
		expect(one.events()).toEqual(['fleet {"resync":true}', 'incident {"id":"INC-1"}']);
	});

	it("tells of what is private only those who may read it, also those who come back", () => {
		const hub = new StreamHub(new ManualClock(1000));
		const [ana, leo] = [listener(), listener()];
		const named = (name: string) => (_tenant: string, readers: readonly string[] | undefined) =>
			readers?.includes(name) ?? true;
		hub.subscribe(ana.sink, named("ana"), undefined);
		hub.publish("incident", { id: "INC-1" }, "woodgrove", ["ana"]);
		hub.publish("incident", { id: "INC-2" }, "woodgrove");
		hub.subscribe(leo.sink, named("leo"), 1000);
		expect(ana.events().slice(1)).toEqual(['incident {"id":"INC-1"}', 'incident {"id":"INC-2"}']);
		expect(leo.events()).toEqual(['incident {"id":"INC-2"}']);
	});

	it("gives a listener that comes back exactly what it missed", () => {
		const hub = new StreamHub(new ManualClock(1000));
		const before = listener();
		const leave = hub.subscribe(before.sink, everyone, undefined);
		hub.publish("incident", { id: "INC-1" });
		leave?.();
		hub.publish("incident", { id: "INC-2" });
		hub.publish("phone", { id: "msg_1" });
		const after = listener();
		hub.subscribe(after.sink, everyone, before.lastId());
		expect(after.events()).toEqual(['incident {"id":"INC-2"}', 'phone {"id":"msg_1"}']);
	});

	it.each([
		["from before a restart", 999],
		["of events that are no longer kept", 1001],
		["that was never given out", 9_999_999],
	])("tells a listener with an id %s to read everything again", (_name, lastEventId) => {
		const hub = new StreamHub(new ManualClock(1000));
		for (let i = 0; i < 300; i++) hub.publish("fleet", { version: i });
		const one = listener();
		hub.subscribe(one.sink, everyone, lastEventId);
		expect(one.events()).toEqual(['fleet {"resync":true}']);
	});

	it("shows a listener nothing of tenants that are not its own, also when it comes back", () => {
		const hub = new StreamHub(new ManualClock(1000));
		const own = (tenant: string) => tenant === "woodgrove";
		const one = listener();
		hub.subscribe(one.sink, own, undefined);
		hub.publish("incident", { id: "INC-1" }, "fabrikam");
		hub.publish("incident", { id: "INC-2" }, "woodgrove");
		const again = listener();
		hub.subscribe(again.sink, own, 1000);
		expect([one.text() + again.text()].join("")).not.toContain("INC-1");
		expect(again.events()).toEqual(['incident {"id":"INC-2"}']);
	});

	it("cuts a listener that does not take its bytes, and no other", () => {
		const hub = new StreamHub(new ManualClock(1000));
		const slow = listener(2_000_000);
		const quick = listener();
		hub.subscribe(quick.sink, everyone, undefined);
		hub.subscribe(slow.sink, everyone, undefined);
		hub.publish("fleet", { version: 1 });
		expect([slow.state.isEnded, quick.state.isEnded, hub.size]).toEqual([true, false, 1]);
	});

	it("turns away more listeners than it can serve", () => {
		const hub = new StreamHub(new ManualClock(1000));
		for (let i = 0; i < 500; i++) expect(hub.subscribe(listener().sink, everyone, undefined)).toBeDefined();
		expect(hub.subscribe(listener().sink, everyone, undefined)).toBeUndefined();
	});
});
