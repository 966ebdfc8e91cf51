// What a broker refuses this user, as an error that says what to do.
import { PermissionViolationError } from '@nats-io/nats-core';
import { ForbiddenError } from '../errors.js';
import type { BusError } from '../ports.js';

export function forbidden(error: BusError): ForbiddenError {
  const { cause, subject } = error;
  const isInbox = cause instanceof PermissionViolationError && cause.operation === 'subscription';
  const why = isInbox
    ? `this user may not listen for answers on ${cause.subject}: set the inbox prefix that it may use ` +
      '(nats.inboxPrefix, or --inbox-prefix; _INBOX.NAME for user NAME of the configuration that comes with Dynats)'
    : `this user may not publish on ${subject}: connect as one who may (--context, --nkey, --user)`;
  return new ForbiddenError(why, { cause: error });
}
