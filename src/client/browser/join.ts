// Mode `direct` is not for pages: in place of ../join.ts, so that bundles leave out all it takes.
import { InvalidRequestError } from '../../errors.js';

/** @throws InvalidRequestError always. */
export function join(): never {
  throw new InvalidRequestError('mode', 'mode direct is not for browsers: leave mode out');
}
