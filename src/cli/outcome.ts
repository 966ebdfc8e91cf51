// How the outcome of a write is shown to a person.
import { type OutcomeReport, Standing, Verdict } from '../model/outcome.js';
import { printTable, visible } from './output.js';

export { Verdict };

export interface ShownOutcome {
  bucket: string;
  key: string;
  version: string;
  report: OutcomeReport;
}

const standings: Record<Standing, string> = {
  holds: 'holds it',
  newer: 'holds a newer one',
  older: 'holds an older one',
  nothing: 'holds nothing',
  unknown: 'unknown',
};

export async function printOutcome(
  { bucket, key, version, report }: ShownOutcome,
  out: NodeJS.WritableStream & { isTTY?: boolean },
): Promise<void> {
  out.write(`${bucket} > ${visible(key)} version: ${version}\n`);
  const rows = [
    ...report.owners.map(({ node, standing, held }) => [node, 'owner', standings[standing], held ?? '']),
    ...report.hints.map(({ holder, target }) => [holder, `hint for ${target}`, standings.holds, '']),
  ];
  await printTable({ head: ['node', 'part', 'standing', 'held version'], rows }, out);
  out.write(`${conclusionOf(report)}\n`);
}

export function conclusionOf({ verdict, owners, hints, unasked }: OutcomeReport): string {
  const those = (standing: Standing) =>
    owners.filter(owner => owner.standing === standing).map(({ node }) => node);
  const blind = [...new Set([...unasked, ...those(Standing.Unknown)])];
  const without = blind.length === 0 ? '' : `, as far as can be seen without ${blind.join(', ')}`;
  const hinted = hints.length === 0 ? '' : `, hinted for ${hints.map(({ target }) => target).join(', ')}`;
  switch (verdict) {
    case Verdict.Stored:
      return `stored: on ${those(Standing.Holds).join(', ')}${hinted}${without}`;
    case Verdict.Superseded:
      return `superseded: ${holders(those(Standing.Newer))} a newer version, which wins everywhere${without}`;
    case Verdict.Hinted:
      return `on its way: no owner has it${hinted}${without}`;
    case Verdict.Nowhere:
      return 'nowhere: no owner has it and no hint keeps it; repeat the write';
    case Verdict.Unknown:
      return `unknown: nobody that answered has it${without}; ask again when they are back`;
  }
}

/** `n2 holds`, `n2, n3 hold`. */
function holders(nodes: readonly string[]): string {
  return `${nodes.join(', ')} ${nodes.length === 1 ? 'holds' : 'hold'}`;
}
