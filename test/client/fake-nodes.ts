// A bus whose nodes are the test's: each answers at once, hangs, or is dead.
import { type Bus, BusError, type Message } from '../../src/ports.js';
import { encodeJson } from '../../src/wire/json.js';

export type Mood = 'answers' | 'hangs' | 'dead';

interface Waiting {
  readonly subject: string;
  answer(): void;
  expire(): void;
}

export class FakeNodes implements Bus {
  readonly maxPayload = 1024 * 1024;
  /** The subject of every request, in order. */
  readonly asked: string[] = [];
  private readonly moods = new Map<string, Mood>();
  private readonly waiting: Waiting[] = [];

  /** @param group the node that takes what the queue group is sent. @param reply to everything but roll calls. */
  constructor(
    readonly nodes: readonly string[],
    private readonly group: string,
    private readonly reply: (subject: string) => object = () => ({}),
  ) {}

  become(node: string, mood: Mood): void {
    this.moods.set(node, mood);
  }

  /** The node wakes, and answers all that was asked of it meanwhile. */
  wake(node: string): void {
    this.become(node, 'answers');
    for (const waiting of this.takeWaiting(node)) waiting.answer();
  }

  /** The time of all that was asked of `node` is up. */
  expire(node: string): void {
    for (const waiting of this.takeWaiting(node)) waiting.expire();
  }

  /** Requests of some verb that went to `node`, by name or by the group. */
  met(node: string, verb: string): number {
    return this.asked.filter(subject => this.nodeOf(subject) === node && subject.endsWith(verb)).length;
  }

  request(subject: string): Promise<Message> {
    this.asked.push(subject);
    const mood = this.moods.get(this.nodeOf(subject)) ?? 'answers';
    if (mood === 'dead') return Promise.reject(new BusError('no-responders', subject));
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        subject,
        answer: () => resolve({ subject, data: encodeJson(this.reply(subject)) }),
        expire: () => reject(new BusError('timeout', subject)),
      };
      if (mood === 'hangs') this.waiting.push(waiting);
      else waiting.answer();
    });
  }

  publish(): void {}
  subscribe(): { unsubscribe(): void } {
    return { unsubscribe() {} };
  }
  settled(): Promise<void> {
    return Promise.resolve();
  }
  probe(): void {}

  private takeWaiting(node: string): Waiting[] {
    const taken = this.waiting.filter(({ subject }) => this.nodeOf(subject) === node);
    for (const each of taken) this.waiting.splice(this.waiting.indexOf(each), 1);
    return taken;
  }

  private nodeOf(subject: string): string {
    return /^dynats\.node\.([^.]+)\./.exec(subject)?.[1] ?? this.group;
  }
}
