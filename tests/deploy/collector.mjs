// A collector of traces by OTLP over gRPC, as far as tests need one: it keeps what it is given.
import { join } from 'node:path';
import grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { checkout } from './settings.mjs';

const service = 'opentelemetry/proto/collector/trace/v1/trace_service.proto';
const { opentelemetry } = grpc.loadPackageDefinition(loadSync(service, { includeDirs: [join(checkout, 'protos')], enums: String, longs: Number, oneofs: true }));
const { TraceService } = opentelemetry.proto.collector.trace.v1;

const valueOf = (any) => (any.value === 'arrayValue' ? any.arrayValue.values.map(valueOf) : any[any.value]);
const attributesOf = (list) => Object.fromEntries(list.map(({ key, value }) => [key, valueOf(value)]));

export class Collector {
  spans = []; // { program, name, kind, traceId, spanId, parentId, start, end, attributes, failed }
  metadata = [];
  #server = new grpc.Server();

  async listen() {
    this.#server.addService(TraceService.service, {
      Export: ({ request, metadata }, answer) => {
        this.metadata.push(metadata.getMap());
        for (const { resource, scopeSpans } of request.resourceSpans) {
          const program = attributesOf(resource.attributes)['service.name'];
          for (const { spans } of scopeSpans) this.spans.push(...spans.map((span) => understood(program, span)));
        }
        answer(null, {});
      },
    });
    const port = await new Promise((bound, failed) =>
      this.#server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, at) => (error ? failed(error) : bound(at))),
    );
    this.url = `http://127.0.0.1:${port}`;
    return this;
  }

  close() {
    this.#server.forceShutdown();
  }
}

function understood(program, { name, kind, traceId, spanId, parentSpanId, startTimeUnixNano, endTimeUnixNano, attributes, status }) {
  const hex = (bytes) => bytes.toString('hex');
  return {
    program,
    name,
    kind,
    traceId: hex(traceId),
    spanId: hex(spanId),
    parentId: hex(parentSpanId),
    start: startTimeUnixNano,
    end: endTimeUnixNano,
    attributes: attributesOf(attributes),
    failed: status?.code === 'STATUS_CODE_ERROR',
  };
}
