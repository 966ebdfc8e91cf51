// The pages of the API: what the package exports. Whatever is exported must have words.
import { OptionDefaults } from 'typedoc';

export default {
  name: 'Dynats',
  entryPoints: [
    '../src/index.ts',
    '../src/kv/kvm.ts',
    '../src/adapters/keyv.ts',
    '../src/adapters/unstorage.ts',
  ],
  tsconfig: '../tsconfig.json',
  out: '../docs/api',
  readme: 'none',
  excludePrivate: true,
  excludeInternal: true,
  excludeExternals: true,
  disableSources: true,
  hideGenerator: true,
  // In types that are made from schemas.
  blockTags: [...OptionDefaults.blockTags, '@minItems', '@maxItems'],
  requiredToBeDocumented: ['Class', 'Interface', 'TypeAlias', 'Variable', 'Function', 'Method'],
  validation: { notExported: false, invalidLink: true, notDocumented: true },
  treatWarningsAsErrors: true,
};
