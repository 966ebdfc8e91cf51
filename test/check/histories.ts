// Histories in short: `put('a', 1, 0, 2)` is a put of version 1 from 0 to 2 ms, under way at a client of its own.
import type { Operation } from '../../src/check/history.js';

let clients = 0;
type More = Partial<Operation>;

function operation(
  kind: Operation['kind'],
  version: number | null,
  startedAtMs: number,
  endedAtMs: number,
  more: More,
): Operation {
  return {
    client: `c${clients++}`,
    kind,
    key: 'k',
    level: 'QUORUM',
    startedAtMs,
    endedAtMs,
    outcome: 'ok',
    version: version === null ? null : `${version}@w`,
    ...more,
  };
}

/** Of the value `v<version>`. */
export function put(version: number, start: number, end: number, more: More = {}): Operation {
  return operation('put', version, start, end, { value: `v${version}`, ...more });
}

/** A put whose client never learnt what became of it. */
export function lostPut(version: number, start: number, end: number, more: More = {}): Operation {
  return put(version, start, end, { outcome: 'unknown', version: null, code: 'WRITE_TIMEOUT', ...more });
}

export function del(version: number, start: number, end: number, more: More = {}): Operation {
  return operation('delete', version, start, end, more);
}

/** A read that found what `put` of that version wrote; nothing, without one. */
export function get(version: number | null, start: number, end: number, more: More = {}): Operation {
  return operation('get', version, start, end, version === null ? more : { value: `v${version}`, ...more });
}
