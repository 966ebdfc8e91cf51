// The Tracer port on OpenTelemetry. Where no SDK has been registered in this process nothing is loaded and nobody pays.
import type * as Otel from '@opentelemetry/api';
import type { Attributes, Span, Tracer } from '../ports.js';

/** Where version 1 of the API keeps what is registered, whichever copy of the package registered it. */
const REGISTERED = Symbol.for('opentelemetry.js.api.1');
const SCOPE = 'dynats';

/**
 * The tracer of this process, or undefined when no tracer provider is registered by now, or `@opentelemetry/api` cannot be
 * found from this package.
 */
export async function loadTracer(): Promise<Tracer | undefined> {
  const globals = globalThis as { [REGISTERED]?: { trace?: unknown } };
  if (globals[REGISTERED]?.trace === undefined) return undefined;
  // Not a literal: who bundles this package need not have that one.
  const name: string = '@opentelemetry/api';
  try {
    return new OtelTracer((await import(name)) as typeof Otel);
  } catch {
    return undefined;
  }
}

class OtelTracer implements Tracer {
  private readonly tracer: Otel.Tracer;

  constructor(private readonly api: typeof Otel) {
    this.tracer = api.trace.getTracer(SCOPE);
  }

  begin(name: string, role: 'client' | 'server', attributes: Attributes, traceparent?: string): Span {
    const { context, SpanKind } = this.api;
    const kind = role === 'client' ? SpanKind.CLIENT : SpanKind.SERVER;
    const parent = role === 'client' ? context.active() : this.remote(traceparent);
    return this.start(name, kind, attributes, parent);
  }

  start(name: string, kind: Otel.SpanKind, attributes: Attributes, parent: Otel.Context): Span {
    const span = this.tracer.startSpan(name, { kind, attributes: copy(attributes) }, parent);
    return new OtelSpan(this.api, this, span, this.api.trace.setSpan(parent, span));
  }

  /** A request without a sound `traceparent` begins a trace of its own. */
  private remote(traceparent: string | undefined): Otel.Context {
    const { trace, ROOT_CONTEXT, isSpanContextValid } = this.api;
    const parsed = parseTraceparent(traceparent);
    if (parsed === undefined || !isSpanContextValid(parsed)) return ROOT_CONTEXT;
    return trace.setSpanContext(ROOT_CONTEXT, { ...parsed, isRemote: true });
  }
}

class OtelSpan implements Span {
  constructor(
    private readonly api: typeof Otel,
    private readonly tracer: OtelTracer,
    private readonly span: Otel.Span,
    private readonly context: Otel.Context,
  ) {}

  get isRecording(): boolean {
    return this.span.isRecording();
  }

  get traceparent(): string {
    const { traceId, spanId, traceFlags } = this.span.spanContext();
    return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
  }

  child(name: string, role: 'internal' | 'client', attributes: Attributes): Span {
    const { SpanKind } = this.api;
    const kind = role === 'client' ? SpanKind.CLIENT : SpanKind.INTERNAL;
    return this.tracer.start(name, kind, attributes, this.context);
  }

  set(attributes: Attributes): void {
    this.span.setAttributes(copy(attributes));
  }

  end(failure?: string): void {
    if (failure !== undefined) {
      this.span.setAttribute('error.type', failure);
      this.span.setStatus({ code: this.api.SpanStatusCode.ERROR, message: failure });
    }
    this.span.end();
  }
}

/** The W3C's `traceparent`, of any version but the forbidden ff; undefined when it is none. */
export function parseTraceparent(
  text: string | undefined,
): { traceId: string; spanId: string; traceFlags: number } | undefined {
  const match = /^(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-|$)/.exec(text ?? '');
  if (match === null) return undefined;
  const [, traceId = '', spanId = '', flags = ''] = match;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1 };
}

function copy(attributes: Attributes): Otel.Attributes {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [name, Array.isArray(value) ? [...value] : value]),
  ) as Otel.Attributes;
}
