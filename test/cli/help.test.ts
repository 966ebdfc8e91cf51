// The help of every command there is, present and future: examples that parse, defaults, units, eighty columns.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Command } from 'commander';
import { topics } from '../../src/cli/cheat/sheet.js';
import { afterHelp } from '../../src/cli/manual/page.js';
import { actionsOf, callsIn, commandOf, commandTree, pathOf, takesAction } from './command-tree.js';

const program = await commandTree();
const all = [...actionsOf(program)];
const shown = all.filter(command => !isHidden(command));

function isHidden(command: Command): boolean {
  const { parent } = command;
  return parent !== null && !parent.createHelp().visibleCommands(parent).includes(command);
}

function helpOf(command: Command): string {
  const parts: string[] = [];
  command.configureOutput({ writeOut: part => void parts.push(part), getOutHelpWidth: () => 80 });
  command.outputHelp();
  return parts.join('');
}

test('there is a tree to look at', () => {
  assert.ok(shown.length > 30, `${shown.length} commands`);
});

for (const command of shown) {
  const name = pathOf(command);
  test(`${name} has a description, and an example of itself that parses`, async () => {
    assert.notEqual(command.description(), '');
    const { examples } = afterHelp(command);
    assert.ok(examples.length > 0, `${name} has no example: explain(command, { examples: [...] })`);
    const ran: string[] = [];
    for (const { line } of examples) {
      const calls = callsIn(line);
      assert.ok(calls.length > 0, `no dynats in: ${line}`);
      for (const args of calls) {
        // A tree remembers what it was given.
        const parsed = commandOf(await commandTree(), args);
        ran.push(await parsed.catch(error => assert.fail(`${line}: ${error.message}`)));
      }
    }
    const own = takesAction(command) ? ran.includes(name) : ran.some(each => each.startsWith(`${name} `));
    assert.ok(own, `no example of ${name} itself among ${ran.join(', ')}`);
  });

  test(`${name} tells the default and the unit of each option`, () => {
    const help = command.createHelp();
    for (const option of help.visibleOptions(command)) {
      const { flags, mandatory, required, optional } = option;
      const about = help.optionDescription(option);
      assert.notEqual(about, '', `${name} ${flags} says nothing`);
      if (!required && !optional) continue;
      assert.ok(
        mandatory || /\(default: |, default |\bdefault\b/.test(about),
        `${name} ${flags}: no default`,
      );
      if (/<duration>/.test(flags)) assert.match(about, /\d(ms|s|m|h)\b/, `${name} ${flags}: no unit`);
      if (/<(size|bytes)>/.test(flags)) assert.match(about, /\d ?([KMG]i)?B\b/, `${name} ${flags}: no unit`);
    }
  });

  test(`${name} --help fits into eighty columns`, () => {
    const long = helpOf(command)
      .split('\n')
      .filter(line => line.length > 80);
    assert.deepEqual(long, []);
  });
}

test('what is seen of a command in the list of all fits into eighty columns', () => {
  assert.deepEqual(
    helpOf(program)
      .split('\n')
      .filter(line => line.length > 80),
    [],
  );
});

test('every line of the cheat sheet parses, and no command that people type is left out', async () => {
  const ran = new Set<string>();
  for (const { lines } of topics)
    for (const line of lines) {
      const text = typeof line === 'string' ? line : line[0];
      for (const args of callsIn(text)) ran.add(await commandOf(await commandTree(), args));
    }
  for (const verb of [
    'up',
    'put',
    'get',
    'del',
    'ls',
    'bucket create',
    'kill',
    'restart',
    'inspect',
    'import',
  ])
    assert.ok(ran.has(`dynats ${verb}`), verb);
});

test('an example with a flag that does not exist is caught', async () => {
  const [args = []] = callsIn('zcat x.gz | dynats import - --formt csv');
  assert.deepEqual(args, ['import', '-', '--formt', 'csv']);
  await assert.rejects(commandOf(await commandTree(), args), /unknown option '--formt'/);
});
