/**
 * The version of the engine: on the page, in every link and in every saved workspace. A run is the
 * same run only under the same version; raise it (with package.json, a test compares them) whenever
 * a golden text or a digest changes.
 */
export const ENGINE_VERSION = '0.2.0';
