/** What an engine throws that this browser, page or device cannot offer: a reason, not a fault. */
export class EngineUnavailable extends Error {}
