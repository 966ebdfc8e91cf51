// Carries out what the learner types: statements of the console, commands of the shell, and the cable between nodes.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { Writable } from 'node:stream';
import { Session } from '../console/session.js';
import { parseStatement } from '../console/statement.js';
import { wordsOf } from '../console/words.js';
import { packageRoot } from '../data-dir.js';
import { CliError, ExitCode, failureLine } from '../exit.js';
import { openClient } from '../open-client.js';
import { colorsFor, visible } from '../output.js';
import { inConsole } from '../remedies.js';
import { defaultBucket } from '../request-flags.js';
import type { Ran } from './lesson.js';
import type { Room } from './room.js';

type Output = NodeJS.WritableStream & { isTTY?: boolean; columns?: number };

/** Commands of the shell that have something to show here; the others end the cluster, stay, or are for another one. */
const shellVerbs = [
  ...['put', 'get', 'del', 'ls', 'touch', 'bucket', 'inspect', 'why', 'hints', 'outcome', 'repair', 'status'],
  ...['kill', 'pause', 'resume', 'restart', 'help'],
];
/** Flags that name another cluster than that of the walk. */
const foreignFlags = /^(-s|--server|--context|--data)(=|$)/;

/** Statements of the walk itself, beside those of the console. */
export const ownUsages = {
  cut: 'cut <node>                      pull the cable between a node and all others',
  heal: 'heal                            put the cable back',
  connect: 'connect <node> | connect any    stand beside a node: it coordinates, even when it is cut off',
} as const;

export class Orders {
  private session: Session | undefined;
  /** The node whose bus server the session is connected to. */
  private beside: string | undefined;
  private text = '';
  /** The session token that was printed last. */
  private token = 'TOKEN';
  private readonly out: Output;

  constructor(
    private readonly room: Room,
    private readonly terminal: Output,
  ) {
    const write = (text: string) => this.write(text);
    const out = new Writable({
      write(chunk, _encoding, done) {
        write(String(chunk));
        done();
      },
    });
    this.out = Object.defineProperties(out, {
      isTTY: { value: terminal.isTTY === true },
      // As wide as the terminal is by then.
      columns: { get: () => terminal.columns },
    });
  }

  /** A fresh console: no level set, no tracing, a new session, connected to the first node. */
  async begin(): Promise<void> {
    await this.session?.close();
    this.beside = undefined;
    this.session = await this.openSession();
  }

  /** Carries out one line and prints what it prints, failures too. */
  async run(line: string): Promise<Ran> {
    this.text = '';
    try {
      await this.carryOut(line);
      this.token = /token is (\S+)/.exec(this.text)?.[1] ?? this.token;
      return { text: this.text, failed: false };
    } catch (error) {
      this.write(`${colorsFor(this.terminal).red(visible(failureLine(error, inConsole)))}\n`);
      return { text: this.text, failed: true };
    }
  }

  async close(): Promise<void> {
    await this.session?.close();
  }

  private async carryOut(typed: string): Promise<void> {
    // A token is long, and nobody types one.
    const line = typed.replace(/\bTOKEN\b/g, this.token);
    const [verb = '', ...words] = wordsOf(line);
    switch (verb.toLowerCase()) {
      case 'dynats':
        return this.shell(words);
      case 'cut': {
        const node = this.nodeOf(words, ownUsages.cut);
        await this.room.cut(node);
        return this.write(`${node} is cut off; both sides have noticed.\n`);
      }
      case 'heal': {
        const node = await this.room.heal();
        return this.write(
          node === undefined ? 'Nothing was cut.\n' : `${node} and the others see each other again.\n`,
        );
      }
      case 'connect': {
        const isAny = words[0]?.toLowerCase() === 'any' && words.length === 1;
        return this.connect(isAny ? undefined : this.nodeOf(words, ownUsages.connect));
      }
      default:
        return this.statement(line);
    }
  }

  private async statement(line: string): Promise<void> {
    const statement = parseStatement(line);
    if (statement === undefined || statement.verb === 'exit') return;
    await this.session?.execute(statement);
  }

  /** The console anew beside a node: what it has seen, its level and the like stay. */
  private async connect(node: string | undefined): Promise<void> {
    const { session } = this;
    if (session === undefined) return;
    this.beside = node;
    await session.reconnect();
    session.via = node;
    this.write(
      node === undefined ? 'Any node coordinates.\n' : `Connected beside ${node}, which coordinates.\n`,
    );
  }

  private async openSession(): Promise<Session> {
    const session = new Session({
      connect: () =>
        openClient({
          servers: this.room.urlsFrom(this.beside ?? this.room.nodes[0] ?? ''),
          name: 'dynats learn',
          // In the order given: the first, while it runs.
          nats: { noRandomize: true, ignoreClusterUpdates: true },
        }),
      dataDir: this.room.dataDir,
      bucket: defaultBucket,
      out: this.out,
      note: text => this.write(`${text}\n`),
    });
    await session.open();
    return session;
  }

  /** A command of its own process, as in a shell; it knows no cluster but that of the walk. */
  private async shell(words: readonly string[]): Promise<void> {
    const [verb = ''] = words;
    if (!shellVerbs.includes(verb))
      throw new CliError(ExitCode.Usage, `here dynats takes ${shellVerbs.join(', ')}`);
    const foreign = words.find(word => foreignFlags.test(word));
    if (foreign !== undefined)
      throw new CliError(
        ExitCode.Usage,
        `${foreign} names another cluster: here it is always that of the walk`,
      );
    const own = Object.entries(process.env).filter(([name]) => !/^(NATS|DYNATS)_/.test(name));
    const child = spawn(process.execPath, [path.join(packageRoot, 'bin', 'dynats.js'), ...words], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...Object.fromEntries(own),
        NATS_URL: this.room.urlsFrom(this.room.nodes[0] ?? '').join(','),
        DYNATS_DATA: this.room.dataDir,
        // An empty one selects none; a selected one would otherwise be read from the home directory.
        XDG_CONFIG_HOME: this.room.dataDir,
      },
    });
    child.stdout.setEncoding('utf8').on('data', (text: string) => this.write(text));
    // Notes are for the learner; what counts as the answer is on stdout.
    child.stderr.setEncoding('utf8').on('data', (text: string) => this.terminal.write(text));
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    // The command has said why itself.
    if (code !== 0) throw new CliError(ExitCode.Unexpected, `(exit code ${code ?? 'unknown'})`);
  }

  private nodeOf(words: readonly string[], usage: string): string {
    const [node = '', ...more] = words;
    if (more.length > 0 || !this.room.nodes.includes(node))
      throw new CliError(
        ExitCode.Usage,
        `usage: ${usage.replace(/ {2,}.*/, '')}, where the nodes are ${this.room.nodes.join(', ')}`,
      );
    return node;
  }

  private write(text: string): void {
    this.text += text;
    this.terminal.write(text);
  }
}
