// The days of a filter, where the person is: a day begins and ends at its own midnight. Pure.

/** The day of a moment, as a field for dates has it. */
export const dayOf = (time: string | undefined) => (time ? new Date(time).toLocaleDateString('sv') : '');

/** The last day before a moment. */
export const dayBefore = (time: string | undefined) => (time ? new Date(Date.parse(time) - 1).toLocaleDateString('sv') : '');

/** The moment at which a day begins, or at which it ends. */
export const momentOf = (day: string, end = false) => (day ? new Date(`${day}T${end ? '24' : '00'}:00:00`).toISOString() : '');
