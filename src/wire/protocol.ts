// Which protocol this build speaks, and with whom it works together: docs/PROTOCOL.md, "Protocol versions".

/** Raised by one when builds before could not work with what is new. */
export const PROTOCOL = 2;
/** Of a heartbeat: the protocol that the node speaks. In a header, since protocol 1 refuses heartbeats with a field it does not know. */
export const PROTOCOL_HEADER = 'Dynats-Protocol';
/** Builds of protocol 1 say nothing. */
const UNSAID = 1;

/** What a heartbeat's header says; NaN when it is no protocol. */
export function protocolOf(header: string | undefined): number {
  if (header === undefined) return UNSAID;
  return /^[1-9][0-9]{0,5}$/.test(header) ? Number(header) : Number.NaN;
}

/** Whether nodes of this build and of that protocol may be of one cluster: the one before, the same, the next. */
export function worksWith(protocol: number, own = PROTOCOL): boolean {
  return Math.abs(protocol - own) <= 1;
}
