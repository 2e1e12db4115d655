"""The words Stripe's messages are made of: English as the API's documentation writes it, and the names of its fields.

What is none of them in a message was put there by a user or a person, and is replaced. Without names of people and
places, even where the documentation has some.
"""

from __future__ import annotations

_WORDS = """
a aba abandoned abc ability able about above acacia accept acceptance accepted accepting accepts access accessed
accessible accessing according account accounting accountlink accounts accrued acct accurate ach acknowledged
acknowledgement acknowledging acquirer across acs acss act acting action actions activate activated activating
activation active activity actual actually add added adding additional additionally address addresses addressing adds
adjusted adjustment adjustments advance advanced advancement advancing advice affect affected affects affirm after
afterpay afterpayclearpay afterwards again age agent aggregated ago agreement agreements alert algorithm alias aliases
alike alipay all allow allowable allowed allowing allowlisted allows almost alongside alphanumeric already also
alternative alternatives although always amazon amazonpay amended among amount amounts an ancestors anchor and android
anomalous another answers any anyone anything anywhere apartment api apikey apikeys apis apologize app appeal appear
appearing appears apple applicable application applications applied applies apply applying approaches appropriate
approval approve approved approves apps arbitrary archive archived archives are aren ares argument arguments
arithmetic array arrays arrived arriving as asked asking assessment assign assigned associated association
associations assume assumed at attach attached attaches attaching attachment attempt attempted attempting attempts
attest attestation attestations attribute attributed attributes auth authenticate authenticated authenticating
authentication authority authorization authorizations authorize authorized authorizer authorizes automatic
automatically automations availability available avoid avoided awaited awaiting aws azure back backend backends bacs
bad balance balances bancaires bancontact band bank banking banks base based basis be bearer because become becomes
becs been before began begin begins behalf behavior behind being belong belonging belongs below beneficial between
beyond bigger bill billed billie billing billings bills bit bits bizum blank blik block blocked board bodies body
boleto boolean both bound boundaries box branch brand branded branding brands breakdown brief briefly broke broken
browser building bulk bundle bundles business businesses busy but button buy buyer buyers by bypassed byte bytes
calculate calculated calculating calculation calculations calendar call callback called calling calls can cancel
cancelable canceled canceling cancellation cancellations cancelled cancels cannot capabilities capability capturable
capture captured card cardholder cardholders cards carrier cart cartes case cases cash casher categories
categorization categorizes category cause caused causes causing cb cents ceo certain certificate chain challenge
change changed changes changing channel character characters charge chargeable chargeback chargebacks charged charges
charging check checkbox checked checking checkings checkout checkoutsession checkoutsessions checks chip choice choose
chosen city class classify clear clearing clearpay client clock close closed closely closes closing cmra cnpj code
codes collect collected collecting collection collects color com combination combined comes coming commas commerce
committed commodity commonly company compare compared compatible compelling complete completed completes completing
compliance comply component components compute computed concatenated concatenating concatenation concurrent conditions
conexxus config configs configuration configurations configure configured configures confirm confirmation
confirmationtoken confirmed confirming conflict conflicting conflicts connect connected connecting connection
connections connectivity consent consider considered consist consistency consisting constraint construction consult
consumed consumers contact contacted contacting contactless contain contained containing contains content contents
contested context continue continuing contract control controller controlling controls convenience copied copy core
correct corrected correction correctly correlate correspond corresponding corresponds corrupt cost costs could couldn
counsel count counted countries country county coupon coupons cover cpf create created creates creating creation
credentials credit credited creditreversal creditreversals credits crypto cryptogram css currencies currency current
currently cursor custom customer customerbalance customers customize customized cvc cvv cycle d damaged dashboard data
date day days dd deactivate deactivated deactivates deadline debit debited debiting debitreversal debitreversals
debits debts deciding decimal declaration declarative declares decline declined declines default defaults define
defined defines degree delay delete deleted deletes deleting deletion deliver delivered delivery demand demonstrate
denied denominated deny denylisted departed depend depending depends deposit deprecated descending describe described
describes describing description descriptor descriptors design desired despite destination destinations detached
detaches detachment detailed details detected determine determined determines determining developer device dictionary
did didn difference different differs digit digital digits dimension direct directly director directors directorship
directory disable disabled disables disabling disallowed disconnected discount discounts dismissing dispensed display
displayable displayed displaying displays dispute disputed disputes disputing district do dob docs document
documentation documents does doesn doing domain domains domestic don done dot doubt download downtime draft drafts
drift ds dstransid due duplicate duplicated duration during dynamic dynamically each earliest early easier easy eci
edit editable effect effective eight eighteen either electronic electronically element elements eleven eligible else
email emails embed embedded embedding emitted employees empty emv enable enabled enables enabling encoded encodes
encoding encountered end ended ending endpoint endpoints ends engine engineer enough enrolled ensure ensuring enter
entered entering entire entirely entitlements entity entries entry enum epoch eps equal equivalent erased error
errored errors escalate essentially estimated etc eu evaluation even event eventbridge events eventually every
everything evidence exact exactly example examples exceed exceeded exceeding exceeds except excess exchange exclude
excluding exclusive executive executives exempt exemption exist existed existing exists expand expanded expansion
expect expected expecting expects expiration expire expired expires expiring expiry explaining explanation explicit
explicitly export express extended extension external extra extraneous face facing fail failed failing fails failure
failures fallback false family far fault favor feature features fee feedback fees fetch fetched fetching field fields
fifteen fifty file files filing filling fills filter filtering filters final finalization finalize finalized finalizes
finalizing financial financialaccount financialaccounts financialaddress find finding fingerprint fingerprints
finished finishing first fiscal five fix fixed flag flagged flexible flow flows followed following footer for
forbidden forgiven form format formatted forms forty forwarding forwardingrequest found four fourteen fpx frameworks
fraud fraudulent free freeform frequency frequently friction from front frozen fulfill fulfillment full fully function
functionality functions fund funding funds further future fx gateway general generate generated generates generic
geoblocked get getting giropay give given gives giving global globally goes going gone good goods google gotten
governing government grabpay grant grants greater greyscale gross group guaranteed guide guides had hadn half handful
handle handled handles handling happen happened happening happens has hash hasn have having header headers held help
here hex hexadecimal hidden high higher hint history hits hitting hold holder holding holds honour hosted hour hours
how however href http https human hundred hyphens i iban icon id ideal idempotency idempotent identical identification
identified identifier identifies identify identifying identity ids iec if ignored ignoring image images immediate
immediately immutable impact import important impossible improve in inaccessible inactive inbound inboundtransfer
inboundtransfers inches includable include included includes including inclusive incoming incompatible incomplete
incorporated incorrect increase increasing increment incremental incremented indeed indicate indicated indicates
indicating indicator individual industry information informational initial initiate initiated initiates initiating
inline input inputs inquiries inquiry insecure install installed installer installing installment installments
installs instance instant instantly instead institution instructions instrument insufficient integer integration
integrations intend intended intends intent intents interac interacts interfaces intermittently internal international
interrupted interval intervals into introduced invalid invalidates inventory invoice invoices invoicing iof ios ip
irreversible is isn iso issue issued issuer issues issuing it item items its itself jcb job jpg jpy js json jst
jurisdiction keep keeping kept key keyed keys klarna known knows konbini label lacking lacks language languages large
largely last lasted latam later latest launch leading learn least leave leaving left legacy legal legislation
legitimacy length less lesser lets letter letters letting level liability liable license lifecycle like likelihood
likely limit limited limiting limits line lines link linked links list listed lists little live lived livemode living
ll loaded loading local locale locales localizing located location locations lock locked locking lodging log logged
logic login logo logs long longer longest looked looking looks lookup losing losses lost lot lots low lower lowercase
lowest machine made mailbox main maintains maintenance make makes making malaysian manage managed management mandate
mandates manipulated manual manually many mark marked marking marks mastercard match matched matching max maximum may
maybe mb me means meant measured meet meets members memorandum merchandise merchant merchants merely message messages
met metadata meter metered meters method methods microdeposit microdeposits might migrating migration millisecond
minimum minor minute minutes misconfigured mismatch mismatched missed missing mistake mistaken mm mobile mobilepay
mode model modified modify moment moments monetary money month monthly months more most moto move moved movement
moving much multi multibanco multiple multiplied must mutated mutually name names namespace national native near
necessary need needed needing needn needs negative neither nested network networks never new next nicely nine nineteen
ninety no non noncompliant none nonexistent nonnegative normal normally not note notes nothing notice noticed
notification notifications notified notifies notify notifying now null number numbers numeric numerical oauth object
objects obligations observed obtained occasionally occur occurred occurring odometer of off offer offered offers
official offline often ok omit omitted on onboarding once one ones online only onto oops open operating operational
operations opposite optimize optimizing option optional optionally options or orchestrated order ordered orders
organization origin original originally originated originator other otherwise our ours out outages outbound
outboundpayment outboundpayments outboundsetupintent outboundtransfer outboundtransfers outcome outdated outside over
overdue overloaded override overrides owed own owned owner owners ownership owns oxxo page paginated pagination paid
pairs param parameter parameters parent parse parsed parsing part partial partially particular partner party pass
passed passing passport password past patch path pathway pause paused pauses pausing pay paybybank payco payer payid
paying payload payment paymentintent paymentintents paymentmethod paymentmethods paymentrecord payments paynow payout
payoutintent payouts paypal paypay payto pci pdf pdfs pem pending people per percent percentage percentages perform
performance performed performing perhaps period periodic periodicity periods permanent permanently permission
permissions permits permitted persisted persistent persists person personal personalization persons phase phases phone
physical picked pickup pii pin pix pk place placed placeholder places plan plans platform platforms please png point
points policy popular populated portal portion position positive possible possibly post postal posted posting pre
precedence preceding precise precision predictions prefer preference preferred prefill prefix prefixes presence
present presented presentment presents preserved pretax prevent prevented preventing prevents preview previewed
previous previously price prices pricing primary printed prior priority private probably problem problems proceed
proceeding process processed processes processing processor produced product productcatalogimport products profile
program programmatic programmatically progress progressive prohibited promotion promotional prompt prompted promptpay
prompts proof propagation properly properties property proportionally prorate proration prorations protected
protection protocol provide provided provider provides providing province provincial provisioning przelewy public
publicly publishable pull pulled purchase purchased purchases purpose purposes put px qr qualified qualifies
quantities quantity query quickly quite quote quotes race radar rails raise raises rak range ranges rare rarely rate
rated rates rather raw re reached reaching reactivated reactivates read readable reader readers reading ready real
reason reasoning reasons reboot recalled receipt receipts receive received receivedcredit receivedcredits
receiveddebit receiveddebits receiving recent recently rechecking recipient recipients recipientverification
recognition recommend recommended recommends reconcile reconciliation record recorded records recurring redact
redacted redacting redaction redeem redeemable redeemed redirect redirected reduce reduced refer reference referenced
referring refers refresh refreshed refreshes refund refundable refunded refunding refunds refused refuses refusing
regarding regardless region regional register registered registers registration registrations regular regulated
regulations regulatory reject rejected rejecting rejection related relationship released releases releasing relevant
reload rely remain remained remaining remains remote remove removed removes removing render rendered rendering renewal
repeat repeated repeatedly replaced replaces replacing report reported reporting reports represent representation
representative representatives represented representing represents request requested requesting requests require
required requirement requirements requires reservation reservations reservehold reset resetting residential residing
resolve resolved resolving resource respect respectively respond responded responding response responsibility
responsible rest restrict restricted restriction restrictions restricts result resulted resulting results resume
resumed resumes resuming resumption retention retried retries retrieve retrieved retrieves retrieving retry retryable
retrying return returned returns reuse revenue reversal reversals reverse reversed reverses reversible reversing
review reviews revoked revolut rfc right rights risk rk routine routing rule rules run running runs sale sales same
samsung samsungpay sandbox satisfied satisfy satispay save saved saving savings saying sca scalapay scenarios schedule
scheduled schedules scheduling schema scheme scope scoped score screen script sdk sdks search searchable second
secondary seconds secret secrets section secure security see seeing seem seems seen sees segment select selectable
selected selection seller sellers sells send sender sending sends sense sensitive sent sepa separate separately
separator separators sequence sequra serially served server servers service services session sessions set sets setting
settings settled settlement setup setupattempt setupintent setupintents seven seventeen seventy several share sheet
shift shipment shipped shipping short shortened shortly should shouldn show showing shown shows side signal signator
signatory signature signed significant signing similar simplify simulate simulated simulating simultaneously since
single siret site six sixteen sixty size sk sku skus slash slashes slow slower slowly small smaller smallest smart
snapshot so social sofort sold some somehow something sometimes soon sorry sort sorted source sources south space
spaces special specific specified specifies specify specifying spelling spend spending split ssn stale standalone
standard standardized start started starting starts state statement statements states static status statuses stayed
stays steer step steps still stolen stop stopped stopping stops store stored storer stores storing strategy street
strict string strings stripe stripeclient strongly structure structured sub subaccount subcategories subdivision
subject submission submit submits submitted subscribe subscribed subscribers subscribes subscription subscriptions
subsequent subset subtotal succeeded succeeds successful successfully such sudden suddenly suffix suggest suite sum
summary sunbit supplied supplier suppliers supply support supportability supported supporting supports suppose sure
surely surfaces surpassed suspected suspended suspicious swift swipe swish switched switching syntax system systems
tab tag take taken takes taking talking tavv tax taxable taxes taxpayer taxrate tells template temporarily ten
terminal terms test tester testing testmode text than thank thanks that the their them themselves then there these
they thin third thirteen thirty this those though thousand three threshold thresholds throttled through ticket tier
tiered tiering time timed timeframe timeout timeouts times timestamp timestamps timezone tip tipping tips title tls to
together
toggle token tokenization tokenize tokenized tokens too top topic tos total trace track tracking trailing transactable
transaction transactionentries transactionentry transactions transfer transferred transfers transit transition
transitioning transitions transmission travel treasury trial trialing trials tried tries trigger triggered triggering
triggers trouble true truncate truncated try trying twelve twenty twice twint two type types typical typically typo ui
uis uk ultimate unable unacceptable unactivated unarchive unauthorized unavailable uncaptured uncategorized unchanged
uncollectible undeliverable under underlying understanding undetermined undone unexpected unexpectedly unfortunately
uninstall uninstalling uninstalls unique uniquely unit united units unix unknown unless unlike unlikely unlocked
unpaid unprocessable unreachable unreadable unrecognized unregulated unreject unrejected unrejection unreliable
unrequested unresolvable unsatisfactory unset unsets unspecified unspsc unsubmitted unsubscribes unsupported until
unusable unused unverified up upcoming update updated updates updating upfront upgrade upi upload uploaded upon upper
uppercase upstream url urls us usage usbankaccount usd use used useful user users uses using usual usually utc utf
utility valid validate validated validates validation validations validity value valuelist valuelistitem values
variable variation various vary vat ve verification verificationreports verificationsession verified verifies verifone
verify verifying version versions via view violates violation virtual visa visible visit visited visiting void voided
voiding voids volume voucher wait waited waiting waits wallet want wanted wanting warn warned warning was wasn way we
web webhook webhooks website webview wechat week weeks well went were weren what whatever when whenever where wherever
whether which whichever while whitespace who whole whose why widget wifi will window winning wire wish with within
without won words work workbench worked working works world worse would wouldn write written wrong wrote xid xxxx year
years yes yet you your yours yyyy zero zip
"""
MESSAGE_WORDS = frozenset(_WORDS.split())
