// All commands as one reference in Markdown: the second half of docs/CLI.md.
import type { Page, Section } from './page.js';

export function markdownOf(pages: readonly Page[]): string {
  const connection = pages.flatMap(page => page.options).find(isConnection);
  return [
    ...pages.map(pageText),
    '### Connection flags\n',
    'Of every command that connects, and before the command as well. A flag comes before its variable, a variable before the context of the nats CLI, and that before the emulator that runs.\n',
    ...(connection === undefined ? [] : [table(connection)]),
  ].join('\n');
}

export function isConnection({ heading }: Section): boolean {
  return heading.startsWith('Connection');
}

function pageText(page: Page): string {
  const name = ['dynats', ...page.path].join(' ');
  const hasConnection = page.path.length > 0 && page.options.some(isConnection);
  const shown = page.options.filter(each => !isConnection(each) || page.path.length === 0);
  return [
    `### ${name}\n`,
    `${cell(page.description)}${page.aliases.length === 0 ? '' : ` (also \`${page.aliases.join('`, `')}\`)`}\n`,
    `\`\`\`\n${page.usage}\n\`\`\`\n`,
    ...(page.arguments.length === 0 ? [] : [table({ heading: 'argument', items: page.arguments })]),
    ...page.commands.map(table),
    ...shown.map(table),
    ...(hasConnection ? ['and the [connection flags](#connection-flags)\n'] : []),
    ...(page.notes === '' ? [] : [`${page.notes.split('\n').map(noteLine).join('\n')}\n`]),
    `\`\`\`sh\n${page.examples.map(({ line, remark }) => (remark === undefined ? line : `# ${remark}\n${line}`)).join('\n')}\n\`\`\`\n`,
  ].join('\n');
}

function table({ heading, items }: Section): string {
  const rows = items
    .filter(({ term }) => !/^-h, --help$/.test(term))
    .map(({ term, description }) => `| \`${term.replaceAll('|', '\\|')}\` | ${cell(description)} |`);
  return rows.length === 0 ? '' : `| ${cell(heading.toLowerCase())} | |\n| --- | --- |\n${rows.join('\n')}\n`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
}

function noteLine(line: string): string {
  return line.startsWith(' ') ? `    ${cell(line.trim())}` : cell(line);
}
