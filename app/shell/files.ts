// Files out of the page and into it.

/** Offers bytes as a download under a name. */
export function saveFile(name: string, bytes: Uint8Array | string): void {
  const part = typeof bytes === 'string' ? bytes : new Uint8Array(bytes);
  const url = URL.createObjectURL(new Blob([part], { type: 'application/octet-stream' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // Some browsers read the address only after the click has been handled.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** Asks for one file; must be called from a click. */
export function chooseFile(
  onFile: (file: File) => void,
  accept = '.sqlite,.sqlite3,.db,.db3,.s3db,.txt,application/vnd.sqlite3',
): void {
  const input = document.createElement('input');
  input.type = 'file';
  input.accept = accept;
  input.addEventListener('change', () => {
    const file = input.files?.[0];
    if (file) onFile(file);
  });
  input.click();
}

/** A scenario is text and small; everything else is taken for a database. */
export const isScenarioFile = (file: File): boolean =>
  /\.txt$/i.test(file.name) && file.size <= 1_000_000;
