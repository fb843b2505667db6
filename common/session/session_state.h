#pragma once

// The state of a session that the transaction has named, in SQL: 'open', 'ended' or 'unknown', as session_state() says.
// The function is asked only where there is more to find out, or to write, than that a session is open: it costs ten
// times the look.
#define FTL_SESSION_STATE(session)                                                                              \
  "CASE WHEN EXISTS (SELECT 1 FROM demo_session_expiry WHERE demo_session_id = " session                        \
  " AND demo_session_id = current_setting('ftl.sessions', true) AND expires_at > now() AND abandon_at IS NULL)" \
  " THEN 'open' ELSE session_state(" session ") END"
