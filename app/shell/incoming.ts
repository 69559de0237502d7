// What comes in from outside: a database, or a scenario as a file. It is opened by the lab's screen.

import { handIn, labOfText } from './desk.ts';
import { isScenarioFile } from './files.ts';
import { navigate } from './location.ts';

export async function takeFile(file: File): Promise<void> {
  if (!isScenarioFile(file)) {
    handIn({ lab: 'btree', file });
    navigate('/lab/btree');
    return;
  }
  const text = await file.text();
  const lab = labOfText(text) ?? 'btree';
  handIn({ lab, text });
  navigate(`/lab/${lab}`);
}
