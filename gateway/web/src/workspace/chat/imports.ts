// Files of other programs on their way to becoming conversations: read, sent a few at a time, and what came of them added up.
import { asProblem } from '../../lib/http';
import { importConversations, type Imported } from './api';

/** What a request may carry is 32 MiB as JSON, where a sign of a text may take two. */
const mostBytes = 12 * 1024 * 1024;
const mostFiles = 100;

export interface Words {
  tooLarge: string;
  notText: string;
}

/** Sends all; a file with a fault keeps no other out. `told` hears how many files are done. */
export async function importFiles(files: readonly File[], words: Words, told: (done: number) => void, send = importConversations): Promise<Imported> {
  const sum: Imported = { imported: 0, already_there: 0, failed: 0, faults: [] };
  let group: { name: string; content: string }[] = [];
  let bytes = 0;
  let done = 0;
  const fail = (file: string, message: string) => {
    sum.failed += 1;
    sum.faults.push({ file, message });
  };
  const flush = async () => {
    if (group.length === 0) return;
    const sent = group;
    group = [];
    bytes = 0;
    try {
      const came = await send(sent);
      sum.imported += came.imported;
      sum.already_there += came.already_there;
      sum.failed += came.failed;
      sum.faults.push(...came.faults);
      sum.more_faults = (sum.more_faults ?? 0) + (came.more_faults ?? 0);
    } catch (error) {
      const { detail } = asProblem(error);
      for (const { name } of sent) fail(name, detail);
    }
    told((done += sent.length));
  };
  for (const file of files) {
    if (file.size > mostBytes) {
      fail(file.name, words.tooLarge);
      told((done += 1));
      continue;
    }
    if (group.length === mostFiles || bytes + file.size > mostBytes) await flush();
    try {
      group.push({ name: file.name, content: new TextDecoder('utf-8', { fatal: true }).decode(await file.arrayBuffer()) });
      bytes += file.size;
    } catch {
      fail(file.name, words.notText);
      told((done += 1));
    }
  }
  await flush();
  return sum;
}
