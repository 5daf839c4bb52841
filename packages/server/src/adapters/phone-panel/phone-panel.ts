import type { Clock } from "@bellwether/model";
import type { ChannelSender, ControlStore } from "#platform";

/** A message as the console's phone shows it. */
export interface PhoneMessage {
	readonly id: string;
	readonly tenant: string;
	readonly incidentId: string | undefined;
	readonly at: number;
	readonly person: string;
	readonly title: string;
	readonly body: string;
}

export interface PhonePanelOptions {
	readonly store: ControlStore;
	readonly clock: Clock;
	/** Told after the commit, once per message; feeds the live stream. */
	readonly onMessage?: (message: PhoneMessage) => void;
}

/** A channel that "delivers" to the console itself. A message that is delivered again is there already: nothing changes. */
export function createPhonePanel(options: PhonePanelOptions): ChannelSender {
	const { store, clock } = options;
	return {
		async send(message) {
			const shown: PhoneMessage = {
				id: message.id,
				tenant: message.tenant,
				incidentId: message.incidentId,
				at: clock.now(),
				person: message.payload.person ?? message.address,
				title: message.payload.subject,
				body: message.payload.text,
			};
			let isNew: boolean;
			try {
				isNew = await store.transaction(async (tx) => {
					const added = await tx
						.insertInto("phone_messages")
						.values({
							id: shown.id,
							tenant: shown.tenant,
							incident_id: shown.incidentId ?? null,
							at: shown.at,
							person: shown.person,
							title: shown.title,
							body: shown.body,
						})
						.onConflict((conflict) => conflict.column("id").doNothing())
						.executeTakeFirst();
					return added.numInsertedOrUpdatedRows === 1n;
				});
			} catch (error) {
				// Rolled back, so it surely is not there.
				return { status: "retry", detail: `not stored: ${(error as Error).message}` };
			}
			if (isNew) options.onMessage?.(shown);
			return { status: "sent", detail: isNew ? "on the phone panel" : "was on the phone panel already" };
		},
	};
}
