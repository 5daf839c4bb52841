/** What the receivers ask for; none of it may ever be seen in a detail, a log or an answer. */
export const SECRETS = {
	routingKey: "routing-key-of-pagerduty",
	restToken: "rest-token-of-pagerduty",
	password: "password-of-system",
} as const;
