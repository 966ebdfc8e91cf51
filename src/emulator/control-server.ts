// The control socket: lets other processes of the same user ask the emulator for its state and give it orders.
import { chmodSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import path from 'node:path';
import {
  type ControlAnswer,
  type ControlCommand,
  type ControlCommands,
  type ControlRequest,
  errorAnswer,
  parseRequest,
  requestCharsMax,
} from './control-protocol.js';
import { failed, usage } from './emulator-error.js';

export type ControlHandler = {
  [C in ControlCommand]: (request: ControlRequest) => Promise<ControlCommands[C]['answers'] | void>;
};

export class ControlServer {
  private constructor(
    private readonly server: Server,
    private readonly file: string,
    private readonly idle: Set<Socket>,
  ) {}

  /** Listens on `file`, readable by this user only. The caller holds the lock of the data directory. */
  static async listen(file: string, handler: ControlHandler): Promise<ControlServer> {
    makePrivateDir(path.dirname(file));
    rmSync(file, { force: true });
    const idle = new Set<Socket>();
    const server = createServer(socket => serve(socket, handler, idle));
    await new Promise<void>((resolve, reject) => {
      server.once('error', error => reject(failed(`cannot listen on ${file}: ${error.message}`, error)));
      server.listen(file, resolve);
    });
    chmodSync(file, 0o600);
    return new ControlServer(server, file, idle);
  }

  /** Takes no more requests; what is under way is still answered. */
  close(): void {
    this.server.close();
    rmSync(this.file, { force: true });
    for (const socket of this.idle) socket.destroy();
  }
}

function serve(socket: Socket, handler: ControlHandler, idle: Set<Socket>): void {
  idle.add(socket);
  let line = '';
  const answer = (content: ControlAnswer) => socket.end(`${JSON.stringify(content)}\n`);
  socket.setEncoding('utf8');
  socket.on('error', () => socket.destroy()); // The asker has gone: nobody is left to be told.
  socket.on('close', () => idle.delete(socket));
  socket.on('data', (chunk: string) => {
    if (!idle.has(socket)) return; // One request a connection.
    line += chunk;
    const end = line.indexOf('\n');
    if (end < 0 && line.length <= requestCharsMax) return;
    idle.delete(socket);
    if (end < 0) answer(errorAnswer(usage(`a request has at most ${requestCharsMax} characters`)));
    else void execute(line.slice(0, end), handler).then(answer);
  });
}

async function execute(line: string, handler: ControlHandler): Promise<ControlAnswer> {
  try {
    const request = parseRequest(line);
    return { ok: (await handler[request.command](request)) ?? null };
  } catch (error) {
    return errorAnswer(error);
  }
}

/** In the shared directory for temporary files somebody else may have made it first. */
function makePrivateDir(dir: string): void {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const { uid } = statSync(dir);
  if (process.getuid !== undefined && uid !== process.getuid())
    throw failed(`${dir} belongs to another user: choose another --data`);
}
