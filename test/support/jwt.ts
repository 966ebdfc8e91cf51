// JSON web tokens of NATS, as its own tools make them: an operator, an account, and users with what they may do.
import { randomBytes } from 'node:crypto';
import { nkeys } from '@nats-io/transport-node';
import type { Permissions } from '../../src/wire/permissions.js';

type KeyPair = ReturnType<typeof nkeys.createUser>;

const base64url = (data: Uint8Array | string) => Buffer.from(data).toString('base64url');

function tokenOf(issuer: KeyPair, subject: KeyPair, name: string, claims: object): string {
  const body = {
    jti: randomBytes(16).toString('hex'),
    iat: Math.floor(Date.now() / 1000),
    iss: issuer.getPublicKey(),
    sub: subject.getPublicKey(),
    name,
    nats: { ...claims, version: 2 },
  };
  const signed = [{ typ: 'JWT', alg: 'ed25519-nkey' }, body]
    .map(part => base64url(JSON.stringify(part)))
    .join('.');
  return `${signed}.${base64url(issuer.sign(new TextEncoder().encode(signed)))}`;
}

export class TokenAuthority {
  private readonly operator = nkeys.createOperator();
  private readonly account = nkeys.createAccount();

  /** For the configuration of a server: who its operator is, and the account. */
  serverLines(): string[] {
    const none = -1;
    const limits = { subs: none, data: none, payload: none, imports: none, exports: none, wildcards: true };
    const account = { type: 'account', limits: { ...limits, conn: none, leaf: none } };
    return [
      `operator: ${tokenOf(this.operator, this.operator, 'test', { type: 'operator' })}`,
      'resolver: MEMORY',
      `resolver_preload: { ${this.account.getPublicKey()}: ${tokenOf(this.operator, this.account, 'dynats', account)} }`,
    ];
  }

  /** The text of a `.creds` file, and the seed in it. */
  user(name: string, { publish, subscribe }: Permissions): { creds: string; seed: string } {
    const user = nkeys.createUser();
    const none = -1;
    const claims = { type: 'user', pub: { allow: publish }, sub: { allow: subscribe } };
    const jwt = tokenOf(this.account, user, name, { ...claims, subs: none, data: none, payload: none });
    const seed = new TextDecoder().decode(user.getSeed());
    const block = (what: string, text: string) =>
      `-----BEGIN ${what}-----\n${text}\n------END ${what}------\n`;
    return { creds: `${block('NATS USER JWT', jwt)}\n${block('USER NKEY SEED', seed)}`, seed };
  }
}
