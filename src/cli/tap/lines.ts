// One line for each event of `dynats tap`, for a person.
import { formatElapsed } from '../../model/duration.js';
import type { ReplicaNote } from '../../wire/generated/types.js';
import { type Colors, counted, visible } from '../output.js';
import { shown } from '../value.js';
import type { TapEvent } from './events.js';

/** Characters of a value that are shown. */
const VALUE_MAX = 40;
/** A version that is stored later than this after it was issued did not come by its write. */
const LATE_MS = 1000;

export function lineOf(event: TapEvent, colors: Colors): string {
  const head = `${colors.dim(timeOf(event.at))} ${colors.bold(visible(event.node).padEnd(4))}`;
  switch (event.kind) {
    case 'record':
      return `${head} ${recordOf(event, colors)}`;
    case 'note':
      return `${head} ${colors.dim(`#${event.sequence} NOTE ${visible(noteOf(event.note))}`)}`;
    case 'hints': {
      const sign = event.change > 0 ? '+' : '';
      return `${head} ${colors.yellow('HINTS')} for ${event.target}: ${counted(event.entries, 'entry')} (${sign}${event.change})`;
    }
    case 'heartbeat': {
      const { state, position, hints = 0, leaving } = event.presence;
      const at = position === undefined ? '' : `, log at ${position.sequence}`;
      const going = leaving === true ? ', leaving' : '';
      return `${head} ${colors.dim(`BEAT ${state}${at}, ${counted(hints, 'hint')}${going}`)}`;
    }
    case 'bad':
      return `${head} #${event.sequence} ${colors.red('BAD')} ${visible(event.reason)}`;
    case 'missed':
      return `${head} ${colors.red('MISSED')} ${counted(event.entries, 'entry')} before #${event.sequence}`;
  }
}

function recordOf(event: TapEvent & { kind: 'record' }, colors: Colors): string {
  const verb = event.deleted === true ? colors.red('DEL') : colors.green('PUT');
  const value =
    event.deleted === true
      ? ''
      : ` = ${cut(visible(shown(event.base64 === undefined ? { value: event.value ?? '' } : { base64: event.base64 })))}`;
  const ends =
    event.expiresAt === undefined ? '' : ` until ${new Date(event.expiresAt / 1000).toISOString()}`;
  const late = event.afterMs > LATE_MS ? `, ${formatElapsed(event.afterMs)} after its version` : '';
  const copy = event.isAgain ? 'again' : `copy ${event.copy}`;
  const what = `${event.bucket} > ${visible(event.key)}${value}${ends}`;
  return `#${event.sequence} ${verb} ${what} ${colors.dim(`${visible(event.version)}, ${copy}${late}`)}`;
}

function noteOf({ recovering, positions, purgedThrough }: ReplicaNote): string {
  const peers = Object.entries(positions).map(([peer, { sequence }]) => `${peer} at ${sequence}`);
  return [
    recovering === null ? 'whole' : 'recovering',
    `remembers ${peers.length === 0 ? 'nobody' : peers.join(', ')}`,
    ...(purgedThrough === undefined ? [] : [`purged through ${purgedThrough}`]),
  ].join('; ');
}

function cut(text: string): string {
  return text.length <= VALUE_MAX ? text : `${text.slice(0, VALUE_MAX)}…`;
}

/** `10:14:07.601`, in the time zone of this machine. */
function timeOf(at: number): string {
  const date = new Date(at);
  const two = (number: number) => String(number).padStart(2, '0');
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':');
  return `${time}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}
