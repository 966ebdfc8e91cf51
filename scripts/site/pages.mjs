// Which pages the site has, in the order of its navigation.

/** File in the repository, its page, and how the navigation calls it. A page without a group is not in the navigation. */
export const pages = [
  { file: 'docs/START.md', page: 'index.html', name: 'Start', group: 'Begin' },
  { file: 'docs/CONCEPTS.md', page: 'concepts.html', name: 'Concepts, with pictures', group: 'Begin' },
  { file: 'docs/WHICH.md', page: 'which.html', name: 'Which store, and why', group: 'Begin' },
  { file: 'docs/KV.md', page: 'kv.html', name: 'KV, Keyv, unstorage', group: 'Use' },
  { file: 'docs/MIGRATION.md', page: 'migration.html', name: 'From JetStream KV', group: 'Use' },
  { file: 'docs/CLI.md', page: 'cli.html', name: 'Command line', group: 'Use' },
  { file: 'docs/BROWSER.md', page: 'browser.html', name: 'In a browser', group: 'Use' },
  { file: 'docs/OPERATIONS.md', page: 'operations.html', name: 'Operations', group: 'Run' },
  { file: 'docs/DEPLOY.md', page: 'deploy.html', name: 'Hosts and upgrades', group: 'Run' },
  { file: 'docs/BACKUP.md', page: 'backup.html', name: 'Backup', group: 'Run' },
  { file: 'docs/METRICS.md', page: 'metrics.html', name: 'Metrics', group: 'Run' },
  { file: 'docs/TRACING.md', page: 'tracing.html', name: 'Tracing', group: 'Run' },
  { file: 'docs/GUARANTEES.md', page: 'guarantees.html', name: 'Guarantees', group: 'Know' },
  { file: 'docs/PROTOCOL.md', page: 'protocol.html', name: 'Protocol', group: 'Know' },
  { file: 'docs/SUBJECTS.md', page: 'subjects.html', name: 'Subjects', group: 'Know' },
  { file: 'docs/ARCHITECTURE.md', page: 'architecture.html', name: 'Architecture', group: 'Know' },
  { file: 'docs/BENCHMARKS.md', page: 'benchmarks.html', name: 'Benchmarks', group: 'Know' },
  { file: 'README.md', page: 'readme.html', name: 'README', group: undefined },
  { file: 'CONTRIBUTING.md', page: 'contributing.html', name: 'Contributing', group: 'Know' },
  { file: 'CHANGELOG.md', page: 'changelog.html', name: 'Changes', group: 'Know' },
];
