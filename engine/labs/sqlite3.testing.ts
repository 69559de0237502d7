// For tests and for the sweep: the sqlite3 command as a judge of database files with their logs
// beside them (sql.js, the judge that is everywhere, has no write-ahead log).

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bytesOfHex, textOf } from '../base/bytes.ts';
import type { Pair } from './crash.testing.ts';
import type { Rows } from './mirror.testing.ts';

/** Its version, where the command is found. */
export const sqlite3: string | undefined = (() => {
  try {
    return execFileSync('sqlite3', ['--version'], { encoding: 'utf8' }).split(' ')[0];
  } catch {
    return undefined;
  }
})();

/** What sqlite3 says of several databases: its integrity check, and its rows. One process. */
export function judgedPairs(pairs: readonly Pair[]): { integrity: string; rows: Rows }[] {
  const folder = mkdtempSync(join(tmpdir(), 'bathysphere-pairs-'));
  try {
    const script = pairs.map(({ database, log, keys }, i) => {
      const path = join(folder, `${i}.db`);
      writeFileSync(path, database);
      if (log) writeFileSync(`${path}-wal`, log);
      const [key, order] = keys === 'text' ? ['hex(CAST(k AS BLOB))', 'k'] : ['id', 'id'];
      return `.open '${path}'\n.print =\nPRAGMA integrity_check;\nSELECT ${key} || '|' || CASE typeof(v) WHEN 'blob' THEN 'b' ELSE 't' END || lower(hex(CAST(v AS BLOB))) FROM kv ORDER BY ${order};\n`;
    });
    const out = execFileSync('sqlite3', {
      input: script.join(''),
      encoding: 'utf8',
      maxBuffer: 2 ** 30,
    });
    return out
      .split(/^=\n/m)
      .slice(1)
      .map((answer, i) => {
        const [integrity = '', ...lines] = answer.trim().split('\n');
        const isText = pairs[i]?.keys === 'text';
        const rows = lines.map((line): [string, string] => {
          const [key = '', value = ''] = line.split('|');
          return [isText ? textOf(bytesOfHex(key.toLowerCase()) as Uint8Array) : key, value];
        });
        return { integrity, rows };
      });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
