import { afterEach, expect, test } from 'vitest';
import { Problem } from '../http';
import { checkName, failureName, failureTold } from './told';
import { speak } from './words.svelte';

afterEach(() => speak('en'));

test('a refusal is told in the language of the page where it has words for the code, else as the server did', async () => {
  await speak('de');
  const over = new Problem(410, { code: 'session_expired', title: 'The session is over', detail: 'This session is over and its data is deleted. Open a new one.' });
  expect([over.title, over.detail]).toEqual(['Die Sitzung ist beendet', 'Diese Sitzung ist beendet, ihre Daten sind gelöscht.']);
  const away = new Problem(503, { code: 'database_unavailable', title: 'The database is not available', detail: 'x' });
  expect(away.detail).toBe('Versuchen Sie es gleich noch einmal; nichts ist verloren.');
  // What only the server knows stays.
  const many = new Problem(422, { code: 'prompt_limit_exceeded', title: 'Too many prompts for this session', detail: 'This session may run 20 prompts; choose at most 20.' });
  expect([many.title, many.detail]).toEqual(['Zu viele Prompts für diese Sitzung', 'This session may run 20 prompts; choose at most 20.']);
  const other = new Problem(409, { code: 'quite_new', title: 'Quite new', detail: 'Something new.' });
  expect([other.title, other.detail]).toEqual(['Quite new', 'Something new.']);
});

test('kinds of failure and of check have names, and those that the page does not know their own', async () => {
  await speak('fr');
  expect([failureName('timeout'), failureName('brand_new'), checkName('not_contains'), checkName('brand_new')]).toEqual(['pas de réponse à temps', 'brand new', 'ne contient pas', 'brand new']);
  expect(failureTold('timeout', 'No answer.')).toBe('pas de réponse à temps: No answer.');
  await speak('en');
  expect(failureTold('timeout', 'No answer.')).toBe('No answer.');
});
