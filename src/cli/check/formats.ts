// How findings are told: for a person, for Nagios and its kin, for a program, for Prometheus' textfile collector.
import { formatElapsed } from '../../model/duration.js';
import { Exposition, type Sample } from '../../node/metrics/exposition.js';
import { type Colors, jsonLine } from '../output.js';
import { roundedBytes } from '../size.js';
import { type Finding, overall, Verdict, verdictNames } from './judge.js';
import { checkKinds, type Unit } from './thresholds.js';

export type Format = 'text' | 'nagios' | 'json' | 'prometheus';

export interface Told {
  readonly cluster: string;
  readonly findings: readonly Finding[];
}

export function written(told: Told, format: Format, colors: Colors): string {
  switch (format) {
    case 'text':
      return text(told, colors);
    case 'nagios':
      return nagios(told);
    case 'json':
      return `${jsonLine(json(told))}\n`;
    case 'prometheus':
      return prometheus(told);
  }
}

/** One line for each check, the worst first in colour. */
function text({ cluster, findings }: Told, colors: Colors): string {
  const paint = [colors.green, colors.yellow, colors.red, colors.magenta];
  const shown = (verdict: Verdict, width = 0) =>
    (paint[verdict] ?? String)(verdictNames[verdict].padEnd(width));
  const lines = findings.map(finding => {
    const { help } = checkKinds[finding.check];
    return `${shown(finding.verdict, 9)} ${help}: ${shownValue(finding)}`;
  });
  return `${[`${shown(overall(findings), 9)} cluster ${cluster}`, ...lines].join('\n')}\n`;
}

/** What is wrong, or that all is well; behind the bar every number with its thresholds. */
function nagios({ cluster, findings }: Told): string {
  const verdict = overall(findings);
  const wrong = findings.filter(finding => finding.verdict !== Verdict.Ok);
  const said =
    wrong.length === 0
      ? `${cluster}: all well`
      : `${cluster}: ${wrong.map(each => `${checkKinds[each.check].help} ${shownValue(each)}`).join('; ')}`;
  // What could not be found out has no number.
  const numbers = findings.flatMap(({ check, unit, value, warning, critical }) => {
    if (value === undefined) return [];
    const { scale, symbol } = nagiosUnits[unit];
    const limit = (of: number | undefined) => (of === undefined ? '' : String(of / scale));
    return [`${check}=${value / scale}${symbol};${limit(warning)};${limit(critical)};0`];
  });
  // The bar begins the numbers, so it may not stand in the text.
  return `DYNATS ${verdictNames[verdict]} - ${said.replaceAll('|', '/')} | ${numbers.join(' ')}\n`;
}

const nagiosUnits: Record<Unit, { scale: number; symbol: string }> = {
  count: { scale: 1, symbol: '' },
  ms: { scale: 1000, symbol: 's' },
  bytes: { scale: 1, symbol: 'B' },
  percent: { scale: 1, symbol: '%' },
};

function json({ cluster, findings }: Told): object {
  const verdict = overall(findings);
  return {
    cluster,
    verdict: verdictNames[verdict],
    exitCode: verdict,
    checks: findings.map(({ check, verdict: of, unit, value, where, warning, critical }) => ({
      check,
      verdict: verdictNames[of],
      value: value ?? null,
      unit,
      where,
      warning: warning ?? null,
      critical: critical ?? null,
    })),
  };
}

function prometheus({ cluster, findings }: Told): string {
  const page = new Exposition();
  page.gauge('dynats_check_verdict', 'The worst verdict: 0 ok, 1 warning, 2 critical, 3 unknown.', [
    [{ cluster }, overall(findings)],
  ]);
  page.gauge(
    'dynats_check_finding',
    'The verdict of one check: 0 ok, 1 warning, 2 critical, 3 unknown.',
    findings.map(({ check, verdict }): Sample => [{ cluster, check }, verdict]),
  );
  page.gauge(
    'dynats_check_value',
    'What was found, in seconds, bytes, percent or a count.',
    findings.flatMap(({ check, unit, value }): Sample[] =>
      value === undefined ? [] : [[{ cluster, check }, value / nagiosUnits[unit].scale]],
    ),
  );
  return page.toString();
}

function shownValue({ unit, value, where }: Finding): string {
  if (value === undefined) return 'not known: a node did not say, or this user may not ask';
  const shown = {
    count: () => String(value),
    ms: () => (value === 0 ? '0s' : formatElapsed(value)),
    bytes: () => roundedBytes(value),
    percent: () => `${value} %`,
  }[unit]();
  return value === 0 || where === '' ? shown : `${shown} (${where})`;
}
