/** The part of the global that `core.ts` uses: the types of Node leave it to those of browsers. */
declare namespace WebAssembly {
	class Module {
		constructor(bytes: Uint8Array);
	}
	class Instance {
		constructor(module: Module, imports: object);
		readonly exports: Readonly<Record<string, unknown>>;
	}
	interface Memory {
		readonly buffer: ArrayBuffer;
		grow(pages: number): number;
	}
}
