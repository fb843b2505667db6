// The workspace's own words; those that both doors say stand in lib/words.
import type { Words } from '../../lib/words/words.svelte';

export const workspaceWords = import.meta.glob<Partial<Words>>('./??.json', { import: 'default' });
