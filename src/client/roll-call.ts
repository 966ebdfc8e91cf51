// Asks every node whether it is there. A node that hangs is found by its silence while others answer.
import { utf8 } from '#platform/bytes';
import { type Bus, BusError } from '../ports.js';
import { subjects } from '../wire/subjects.js';

/** How long a node has to answer, in milliseconds. */
const ROLL_CALL_MS = 1000;
const NOTHING = utf8('{}');

export class RollCall {
  /** In the order of their answers. */
  readonly answering: string[] = [];
  /** Nodes that have not answered, up to now. One where nobody listens is dead, and has. */
  readonly silent: Set<string>;
  /** Resolves when some node has answered, or none will. */
  readonly first: Promise<void>;
  /** Resolves when all have answered, or their time is up. */
  readonly all: Promise<void>;

  constructor(
    private readonly bus: Bus,
    nodes: readonly string[],
  ) {
    this.silent = new Set(nodes);
    let hasBegun = () => {};
    const begun = new Promise<void>(done => {
      hasBegun = done;
    });
    this.all = Promise.all(nodes.map(node => this.ask(node, hasBegun))).then(() => {});
    this.first = Promise.race([begun, this.all]);
  }

  private async ask(node: string, onAnswer: () => void): Promise<void> {
    try {
      await this.bus.request(subjects.node(node, 'cluster'), NOTHING, ROLL_CALL_MS);
      this.answering.push(node);
      onAnswer();
    } catch (error) {
      // Dead, or this client is cut off and can tell nothing.
      if (error instanceof BusError && error.kind === 'timeout') return;
    }
    this.silent.delete(node);
  }
}
