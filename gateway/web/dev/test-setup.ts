// Every test finds the page speaking English.
import { speak } from '../src/lib/words/words.svelte';

await speak('en');
