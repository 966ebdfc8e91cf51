// Who has acknowledged a write, in words.
import type { PutReply } from '../wire/generated/types.js';
import { counted } from './output.js';

/** At level ANY a hint will do, and a reply does not tell it from an owner. */
export function ackedText({ level, acked }: Pick<PutReply, 'level' | 'acked'>): string {
  return level === 'ANY' ? `${acked} acked, an owner or a hint for one` : `${counted(acked, 'owner')} acked`;
}
