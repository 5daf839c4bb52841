import * as grpc from "@grpc/grpc-js";

export interface GrpcAnswer {
	readonly code: number;
	readonly details: string;
	/** google.rpc.Status with its details, as sent. */
	readonly retryInfo: Buffer | undefined;
	readonly answer: Buffer | undefined;
}

export const GRPC_STATUS = grpc.status;

/** A plain client of OTLP's export services, for bodies and headers that no exporter sends. */
export function grpcClient(url: string): {
	send(body: Buffer, headers?: Readonly<Record<string, string>>, service?: string): Promise<GrpcAnswer>;
	close(): void;
} {
	const client = new grpc.Client(url.replace("http://", ""), grpc.credentials.createInsecure());
	const same = (value: Buffer) => value;
	return {
		close: () => client.close(),
		send: (body, headers = {}, service = "metrics.v1.MetricsService") =>
			new Promise((resolve) => {
				const metadata = new grpc.Metadata();
				for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
				client.makeUnaryRequest(
					`/opentelemetry.proto.collector.${service}/Export`,
					same,
					same,
					body,
					metadata,
					{ deadline: Date.now() + 20_000 },
					(error, answer) => {
						const [retryInfo] = error?.metadata?.get("grpc-status-details-bin") ?? [];
						resolve({
							code: error?.code ?? 0,
							details: error?.details ?? "",
							retryInfo: retryInfo as Buffer | undefined,
							answer,
						});
					},
				);
			}),
	};
}
