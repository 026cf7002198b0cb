// Name, version and licence of every package that may be inside the bundle (not the tools that build it).
import {readFileSync} from 'node:fs';

const {packages} = JSON.parse(readFileSync('package-lock.json', 'utf8'));
const lines = Object.entries(packages)
  .filter(([path, p]) => path && !p.dev && !p.optional)
  .map(([path, p]) => `${path.replace(/^.*node_modules\//, '')} ${p.version} ${p.license ?? 'see package'}`);
console.log([...new Set(lines)].sort().join('\n'));
