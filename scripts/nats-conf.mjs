// Writes the users of nats.conf from src/wire/permissions.ts; run it when that has changed. test/emulator/compose.test.ts
// fails while they differ.
import { readFileSync, writeFileSync } from 'node:fs';
import { busAccounts, userOfEachRole } from '../dist/src/emulator/secrets/users-config.js';

const file = new URL('../nats.conf', import.meta.url);
const text = readFileSync(file, 'utf8');
const mark = '# From here on the file is written by `npm run nats-conf`, from src/wire/permissions.ts.\n';
const end = text.indexOf(mark) + mark.length;
writeFileSync(
  file,
  `${text.slice(0, end)}${busAccounts(['n0', 'n1', 'n2', 'n3'], userOfEachRole).join('\n')}\n`,
);
