// Server-sent events over fetch: a run's events with resume, and Atlas's answer to one question.
import { adviceOf } from './lib/words/told';
import { say, spoken } from './lib/words/words.svelte';
import { atlasPath, runEventsPath, type Message, type Narrator, type Result, type Run } from './api';
import { Problem, asProblem, problemOf } from './lib/http';
import { eventsAt, follow, readEvents } from './lib/stream';

export interface RunListener {
  progress(run: Run): void;
  started(promptId: number): void;
  result(result: Result): void;
  done(run: Run): void;
  /** False while the connection is lost and being taken up again. */
  connected(yes: boolean): void;
}

/**
 * Follows a run to its end, through any number of lost connections, each taken up from the last event that had an id.
 * Rejects with a Problem where the gateway refuses for good; resolves when the run is done or `signal` is aborted.
 */
export async function followRun(runId: string, session: string, listener: RunListener, signal: AbortSignal): Promise<void> {
  await follow(
    {
      open: (lastId, attempt) => eventsAt(runEventsPath(runId), lastId, attempt, session),
      connected: (yes) => listener.connected(yes),
      take({ event, data: text }) {
        const data: unknown = JSON.parse(text);
        if (event === 'progress') listener.progress(data as Run);
        else if (event === 'started') listener.started((data as { prompt_id: number }).prompt_id);
        else if (event === 'result') listener.result(data as Result);
        else if (event === 'done') listener.done(data as Run);
        else if (event === 'error') {
          const body = data as Record<string, unknown>;
          throw new Problem(typeof body.status === 'number' ? body.status : 500, body);
        }
        return event === 'done';
      },
    },
    signal,
  );
}

export interface Series {
  kind: 'bar' | 'line';
  x_label?: string;
  y_label?: string;
  points: { x: string; y: number }[];
}

/** The rows that a query of Atlas found, and a chart of them where it says more. */
export interface Evidence {
  id: string;
  tool?: string;
  query_text?: string;
  columns: string[];
  rows: unknown[][];
  series?: Series;
  total?: number;
  /** Where these results can be listed. */
  link?: string;
}

/** A figure of an answer and where it came from; offsets in UTF-16 units of the whole content. */
export interface Figure {
  from: number;
  to: number;
  link: string;
}

/** One answer of Atlas as it grows. */
export interface Answer {
  content: string;
  figures: Figure[];
  evidence: Evidence[];
  calls: { id: string; tool?: string; query_text?: string }[];
  usage?: { input_tokens: number; output_tokens: number };
  unsupported: string[];
  /** How many figures of the model's comment were compared with the facts. */
  checked: number;
  exports: { format: string; path: string }[];
  error?: string;
  complete: boolean;
}

export const emptyAnswer = (): Answer => ({ content: '', figures: [], evidence: [], calls: [], unsupported: [], checked: 0, exports: [], complete: false });

type Line = Record<string, unknown> & { type?: string };

const isLink = (link: unknown): link is string => typeof link === 'string' && link.startsWith('/api/demo/v2/analytics/results?');

/** Takes a piece of text in, and of its figures those that lie within it one after the other and lead to results. */
function addContent(answer: Answer, piece: string, figures: unknown): void {
  const start = answer.content.length;
  let end = 0;
  for (const { from, to, link } of Array.isArray(figures) ? (figures as Figure[]) : []) {
    const within = Number.isInteger(from) && Number.isInteger(to) && from >= end && to > from && to <= piece.length;
    if (!within || !isLink(link)) continue;
    end = to;
    answer.figures.push({ from: start + from, to: start + to, link });
  }
  answer.content += piece;
}

/** Adds one `data:` line of the stream to the answer; the line is JSON or `[DONE]`. */
export function addLine(answer: Answer, data: string): void {
  if (data.trim() === '[DONE]') {
    answer.complete = answer.error === undefined;
    return;
  }
  const line = JSON.parse(data) as Line;
  const text = (key: string) => (typeof line[key] === 'string' ? (line[key] as string) : undefined);
  switch (line.type) {
    case undefined:
      addContent(answer, text('content') ?? '', line.figures);
      break;
    case 'tool_call':
      answer.calls.push({ id: text('id') ?? '', tool: text('tool'), query_text: text('query_text') });
      break;
    case 'tool_result': {
      const call = answer.calls.find((known) => known.id === line.id);
      const result = line as unknown as Partial<Evidence>;
      answer.evidence.push({
        id: text('id') ?? '',
        tool: call?.tool,
        query_text: call?.query_text,
        columns: result.columns ?? [],
        rows: result.rows ?? [],
        series: result.series,
        total: result.total,
        link: isLink(result.link) ? result.link : undefined,
      });
      break;
    }
    case 'token_usage':
      answer.usage = { input_tokens: Number(line.input_tokens ?? 0), output_tokens: Number(line.output_tokens ?? 0) };
      break;
    case 'grounding':
      answer.checked = Number(line.checked ?? 0);
      answer.unsupported = (line.unsupported as string[] | undefined) ?? [];
      break;
    case 'export':
      answer.exports.push({ format: text('format') ?? '', path: text('path') ?? '' });
      break;
    case 'error':
      answer.error = adviceOf(text('code') ?? '') ?? text('detail') ?? text('error') ?? text('message') ?? say('answer.broke_off');
      break;
    default:
      addContent(answer, text('content') ?? '', line.figures);
  }
}

/** Asks Atlas; `messages` empty asks for the opening summary. Calls `onGrowth` after each line. Never rejects but for a Problem. */
export async function askAtlas(
  session_id: string,
  messages: Message[],
  narrator: Narrator,
  answer: Answer,
  onGrowth: () => void,
  signal: AbortSignal,
): Promise<void> {
  const body = JSON.stringify({ session_id, ...(messages.length > 0 ? { messages } : {}), narrator, language: spoken() });
  let response: Response;
  try {
    response = await fetch(atlasPath, { method: 'POST', headers: { 'Content-Type': 'application/json', Accept: 'text/event-stream' }, body, signal });
  } catch (error) {
    throw asProblem(error);
  }
  if (!response.ok) throw await problemOf(response);
  try {
    await readEvents(response.body!, (event) => {
      addLine(answer, event.data);
      onGrowth();
    });
  } catch {
    answer.error ??= say('answer.lost');
  }
  if (!answer.complete) answer.error ??= signal.aborted ? say('answer.stopped') : say('answer.broke_off');
  onGrowth();
}
