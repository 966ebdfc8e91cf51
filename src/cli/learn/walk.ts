// Goes through the lessons: tells, asks, has a line carried out, and goes on when the cluster says that it happened.
import { waitUntil } from '../../emulator/wait-until.js';
import { CliError, ExitCode } from '../exit.js';
import type { Facts } from './facts.js';
import type { Lesson, Question, Ran, Seen, Step } from './lesson.js';
import type { Teller } from './teller.js';

/** Where a walk takes place. */
export interface Stage {
  readonly facts: Pick<Facts, 'counts'>;
  /** Puts everything as a lesson expects it. */
  begin(): Promise<void>;
  /** Carries out a line and prints what it prints. */
  run(line: string): Promise<Ran>;
}

/** Who answers. */
export interface Asker {
  /** @param expected what the walk would have typed. @returns undefined at the end of the input. */
  ask(prompt: string, expected: string): Promise<string | undefined>;
}

export interface WalkOptions {
  readonly lessons: readonly Lesson[];
  /** From 1; default all. */
  readonly first?: number;
  readonly last?: number;
  readonly stage: Stage;
  readonly teller: Teller;
  readonly asker: Asker;
  /** Nobody is there to try again: what does not happen as told is a failure. Default false. */
  readonly isAuto?: boolean;
  /** Called at the beginning of each lesson. */
  readonly onLesson?: (lesson: number) => void;
}

const stepLimitMs = 3000;
const askAgainMs = 100;

/** Where to go from a step; a number is a lesson. */
type Move = 'on' | 'back' | 'quit' | { readonly lesson: number };

/** What can be typed beside statements and commands. */
export const walkVerbs: readonly (readonly [string, string])[] = [
  ['hint', 'the line that does what is asked'],
  ['skip', 'have it done for you'],
  ['back', 'this lesson from its beginning; there, the one before'],
  ['list', 'the lessons'],
  ['lesson <n>', 'go to another lesson'],
  ['quit', 'end the walk and its cluster'],
];

/** @returns whether it came to its end. @throws CliError of a walk by itself that did not go as told. */
export async function walk(options: WalkOptions): Promise<boolean> {
  const { lessons } = options;
  const last = options.last ?? lessons.length;
  let at = options.first ?? 1;
  while (at <= last) {
    const lesson = lessons[at - 1];
    if (lesson === undefined) return true;
    options.onLesson?.(at);
    const move = await new Lecture(options, lesson, at).give();
    if (move === 'quit') return false;
    if (move === 'on') at++;
    else if (move === 'back') at = Math.max(1, at - 1);
    else at = move.lesson;
  }
  return true;
}

/** One lesson being given. */
class Lecture {
  constructor(
    private readonly options: WalkOptions,
    private readonly lesson: Lesson,
    private readonly number: number,
  ) {}

  async give(): Promise<Move> {
    const { teller, stage, lessons } = this.options;
    const { title, intro, steps, end } = this.lesson;
    for (;;) {
      teller.heading(`Lesson ${this.number} of ${lessons.length}: ${title}`);
      teller.aside('Putting the cluster in order...');
      await stage.begin();
      teller.text(intro);
      for (const line of this.lesson.setup ?? []) {
        teller.aside(`\nDone for you: ${line}`);
        if ((await stage.run(line)).failed) this.mustNotHappen(line);
      }
      const move = await this.steps(steps);
      if (move === 'again') continue;
      if (move === 'on') teller.text(end);
      return move;
    }
  }

  private async steps(steps: readonly Step[]): Promise<Move | 'again'> {
    for (const [i, step] of steps.entries()) {
      const move = await this.step(step);
      if (move === 'back' && i > 0) return 'again';
      if (move !== 'on') return move;
    }
    return 'on';
  }

  private async step(step: Step): Promise<Move> {
    const { teller, stage } = this.options;
    if (step.tell !== '') teller.text(step.tell);
    const guess = step.question === undefined ? undefined : await this.guess(step.question);
    if (guess !== undefined && typeof guess !== 'string') return guess.move;
    const before = await stage.facts.counts();
    teller.task(step.task);
    for (;;) {
      const line = await this.options.asker.ask('dynats> ', step.command);
      const order = this.ordered(line);
      if (order === 'hint') teller.aside(`Type: ${step.command}`);
      else if (order === 'skip') teller.aside(`Done for you: ${step.command}`);
      if (order !== undefined && order !== 'skip') {
        if (order === 'hint' || order === 'stay') continue;
        return order;
      }
      const typed = order === 'skip' ? step.command : (line ?? '');
      if (typed.trim() === '') continue;
      const ran = await stage.run(typed);
      // The room's facts are those that lessons are written for; a test's lessons look at none.
      const seen: Seen = { facts: stage.facts as Facts, before, ran };
      const missing = await this.judge(step, typed, seen);
      if (missing === undefined) {
        await this.conclude(step, seen, guess);
        return 'on';
      }
      this.mustNotHappen(`${step.command}: ${missing}`);
      if (verbOf(typed) === verbOf(step.command)) teller.bad(`Not yet: ${missing}.`);
      else teller.aside('\nThe step is still open: hint shows what to type.');
    }
  }

  /** @returns what is missing. What another line would bring about is not waited for. */
  private async judge(step: Step, typed: string, seen: Seen): Promise<string | undefined> {
    const isIt = verbOf(typed) === verbOf(step.command);
    let missing: string | undefined;
    await waitUntil(
      async () => {
        missing = await step.check(seen);
        return missing === undefined;
      },
      { limitMs: isIt ? (step.limitMs ?? stepLimitMs) : 0, everyMs: askAgainMs },
    );
    return missing;
  }

  private async conclude({ question, after }: Step, seen: Seen, guess: string | undefined): Promise<void> {
    const { teller } = this.options;
    if (question !== undefined && guess !== undefined) {
      const reality = await question.reality(seen);
      if (guess === '') teller.good(`It is ${reality}.`);
      else if (guess === reality) teller.good(`You said ${guess}, and so it is.`);
      else {
        this.mustNotHappen(`${question.ask} ${reality}, not ${guess}`);
        teller.bad(`You said ${guess}. It is ${reality}.`);
      }
    } else teller.good('The cluster confirms it.');
    if (after !== undefined) teller.text(after);
  }

  /** A prediction: one of the options, empty when it is skipped. */
  private async guess(question: Question): Promise<string | { move: Move }> {
    const { teller, asker } = this.options;
    teller.task(question.ask);
    const prompt = `${choice(question.options)}? `;
    for (;;) {
      const line = await asker.ask(prompt, question.expected);
      const order = this.ordered(line);
      if (order === 'skip') return '';
      if (order === 'hint') teller.aside('There is no harm in guessing: the cluster will tell.');
      if (order === 'hint' || order === 'stay') continue;
      if (order !== undefined) return { move: order };
      const said = (line ?? '')
        .trim()
        .toLowerCase()
        .split(/[\s,]+/)
        .join(' ');
      const chosen = question.options.find(option => option.toLowerCase() === said);
      if (chosen !== undefined) return chosen;
      if (said !== '') teller.aside(`Answer ${choice(question.options)}, or skip.`);
    }
  }

  /** What a line orders the walk itself to do; undefined when it is for the cluster. */
  private ordered(line: string | undefined): Move | 'hint' | 'skip' | 'stay' | undefined {
    const { teller, lessons } = this.options;
    if (line === undefined) return 'quit';
    const [verb = '', number, ...more] = line.trim().toLowerCase().split(/\s+/);
    if (verb === 'lesson') {
      const lesson = Number(number);
      if (more.length === 0 && lessons[lesson - 1] !== undefined) return { lesson };
      teller.bad(`lesson takes a number from 1 to ${lessons.length}.`);
      return 'stay';
    }
    if (number !== undefined) return undefined;
    switch (verb) {
      case 'hint':
      case 'skip':
      case 'back':
        return verb;
      case 'quit':
      case 'exit':
        return 'quit';
      case 'list':
        teller.lines(listed(lessons, this.number));
        return 'stay';
      case 'help':
      case '?':
        teller.lines(walkVerbs.map(([name, what]) => `${name.padEnd(12)}${what}`));
        teller.aside(
          'Statements of the console (put, get, status, inspect key 137...) and dynats commands work at any time.',
        );
        return 'stay';
      default:
        return undefined;
    }
  }

  private mustNotHappen(what: string): void {
    if (this.options.isAuto === true)
      throw new CliError(ExitCode.Unexpected, `lesson ${this.number} did not go as told: ${what}`);
  }
}

/** The lessons, one a line. @param current marked. */
export function listed(lessons: readonly Lesson[], current?: number): string[] {
  return lessons.map(({ title }, i) => `${i + 1 === current ? '*' : ' '} ${i + 1}  ${title}`);
}

/** `a, b or c`. */
function choice(options: readonly string[]): string {
  return options.join(', ').replace(/, (?=[^,]*$)/, ' or ');
}

function verbOf(line: string): string {
  const [first = '', second = ''] = line.trim().toLowerCase().split(/\s+/);
  return first === 'dynats' ? second : first;
}
