// Keys of NATS users: the seed signs and stays with the user, the public key stands in the servers' configuration.
import { nkeys } from '@nats-io/transport-node';

/** A new seed, a line that starts with `SU`. */
export function makeUserSeed(): string {
  return new TextDecoder().decode(nkeys.createUser().getSeed());
}

/** The public key, which starts with `U`. @throws when `seed` is none. */
export function publicKeyOf(seed: string): string {
  return nkeys.fromSeed(new TextEncoder().encode(seed)).getPublicKey();
}
