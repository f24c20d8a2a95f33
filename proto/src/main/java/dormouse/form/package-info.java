/**
 * Forms in requests' bodies, as both ends have to read them: the server, to see whom a form asks for, and the agent, to put
 * the backend's own name there. One reader, so that the two never see different things in the same bytes. Needs the JDK alone.
 */
@NullMarked
package dormouse.form;

import org.jspecify.annotations.NullMarked;
