/** snappyjs brings no types; tests and benches use it as an independent encoder. */
declare module "snappyjs" {
	export function compress(bytes: Buffer): Buffer;
	export function uncompress(bytes: Buffer, maxLength?: number): Buffer;
	const snappy: { compress: typeof compress; uncompress: typeof uncompress };
	export default snappy;
}
