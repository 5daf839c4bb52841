import type { StreamIdentity } from "../selection/selection.ts";

/** A number that is the same for the same identity, whatever the order of its attributes; others may share it. */
export function looseHash({ metric, resource, scope, point }: StreamIdentity): number {
	let sum = textHash(metric);
	for (const list of [resource, scope, point])
		for (const [name, value] of list) sum = (sum + Math.imul(textHash(name) ^ 0x9e3779b1, textHash(value) | 1)) | 0;
	return sum;
}

function textHash(text: string): number {
	let hash = 0x811c9dc5;
	for (let k = 0; k < text.length; k++) hash = Math.imul(hash ^ text.charCodeAt(k), 0x01000193);
	return hash;
}
