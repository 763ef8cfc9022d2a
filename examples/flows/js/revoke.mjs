// Revoke a token: Salesforce answers 200 and an empty body, and 400 for one it does not know.
const { SF_URL, SF_REFRESH_TOKEN } = process.env;

const answer = await fetch(`${SF_URL}/services/oauth2/revoke`, {
  method: "POST",
  body: new URLSearchParams({ token: SF_REFRESH_TOKEN }),
});
if (!answer.ok) {
  const said = await answer.json();
  console.error(`${said.error}: ${said.error_description}`);
  process.exit(1);
}
console.log("revoked");
