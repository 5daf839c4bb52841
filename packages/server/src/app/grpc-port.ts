import { type GrpcLibrary, type OtlpGrpcServer, startOtlpGrpc } from "#api";
import { SettingRefused } from "./first-access.ts";

/** Opens the port for OTLP/gRPC. Its library is an optional part, loaded only here. */
export async function openGrpcPort(options: Parameters<typeof startOtlpGrpc>[1]): Promise<OtlpGrpcServer> {
	let grpc: GrpcLibrary;
	try {
		grpc = await import("@grpc/grpc-js");
	} catch {
		throw new SettingRefused(
			"--grpc-port needs the optional package @grpc/grpc-js, which is not installed: run npm install without --omit=optional, or send OTLP over HTTP",
		);
	}
	return startOtlpGrpc(grpc, options);
}
