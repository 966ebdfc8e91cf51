// `npm start`: builds and sets up what is missing, then is `dynats up --console --links` with the arguments given.
import { fileURLToPath } from 'node:url';
import { setup } from './setup.mjs';

await setup(['nats-server']);

// In this process rather than a child: signals, the terminal and the exit code are then the command's own.
const main = new URL('../dist/src/cli/main.js', import.meta.url);
process.argv.splice(1, 1, fileURLToPath(main), 'up', '--console', '--links');
await import(main.href);
