// One address has one session; another tab of this page may hold it. Tabs of one origin hand it on or end it for each other.
const channel = typeof BroadcastChannel === 'undefined' ? undefined : new BroadcastChannel('finetunelab');

type Said = { ask: 'hand over' | 'delete' } | { session: string } | { deleted: true };

/** What this tab does when another asks: `handOver` gives the session id up, `end` deletes. */
export interface Holder {
  handOver(): string | undefined;
  end(): Promise<boolean>;
}

export function answerOtherTabs(holder: Holder): void {
  channel?.addEventListener('message', ({ data }: MessageEvent<Said>) => {
    if (!('ask' in data)) return;
    if (data.ask === 'hand over') {
      const session = holder.handOver();
      if (session) channel.postMessage({ session } satisfies Said);
    } else void holder.end().then((deleted) => deleted && channel.postMessage({ deleted: true } satisfies Said), () => {});
  });
}

function askTabs<T>(ask: 'hand over' | 'delete', wanted: (said: Said) => T | undefined, ms: number): Promise<T | undefined> {
  return new Promise((resolve) => {
    const done = (value: T | undefined) => {
      clearTimeout(timer);
      channel?.removeEventListener('message', hear);
      resolve(value);
    };
    const hear = ({ data }: MessageEvent<Said>) => {
      const value = wanted(data);
      if (value !== undefined) done(value);
    };
    const timer = setTimeout(() => done(undefined), ms);
    channel?.addEventListener('message', hear);
    channel?.postMessage({ ask } satisfies Said);
  });
}

/** The session that another tab gives up, or undefined where no tab has one. */
export const takeOver = () => askTabs('hand over', (said) => ('session' in said ? said.session : undefined), 1000);

/** Whether another tab had a session and deleted it. */
export const deleteElsewhere = () => askTabs('delete', (said) => ('deleted' in said ? true : undefined), 10_000);
